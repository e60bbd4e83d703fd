import type { AuditEventName } from '../../core/audit/audit.js'
import type { FactorKind } from '../../core/factors/factor.js'
import type { Proof } from '../../core/sessions/session.js'
import { html, type Html } from '../layout/html.js'
import { layout, type Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { lampLine, noticeBox, ownerLine } from '../layout/parts.js'
import { account } from '../words/account.js'
import { countWords } from '../words/factors.js'
import { activitySection } from './sections.js'
import { factorSections } from './factors.js'
import { applicationsSection } from './applications.js'
import { emailSection, passwordSection, sessionsSection, trustedSection } from './devices.js'
import type { Application, FactorRow } from '../home.js'

export interface AuthenticatorRow extends FactorRow {
  readonly id: string
  /** What the app calls the entry, where that is not the name of this site. */
  readonly issuer?: string | undefined
  /** How far its clock is off, above zero when it is fast. */
  readonly driftSeconds?: number | undefined
}

export interface PasskeyRow extends FactorRow {
  readonly id: string
  /** It may be on other devices of its owner as well. */
  readonly synced: boolean
  /** It can sign in alone. */
  readonly verifiesUser: boolean
  /** It was made for another address of this site. */
  readonly elsewhere: boolean
}

export interface PasskeysView {
  readonly rows: readonly PasskeyRow[]
  readonly most: number
  /** More can be made: the operator has not switched them off, and they work at this address. */
  readonly offered: boolean
  /** Told to the browser, so that password managers do not offer what is gone (WebAuthn Level 3 §5.1.10). */
  readonly signal: PasskeySignal | null
}

export interface PasskeySignal {
  readonly rpId: string
  readonly userId: string
  readonly name: string
  readonly displayName: string
  readonly allAcceptedCredentialIds: readonly string[]
}

export interface SessionRow {
  readonly id: string
  /** "Firefox on Linux" */
  readonly device: string
  readonly address?: string | undefined
  readonly signedInAtSeconds: number
  readonly lastActiveAtSeconds: number
  /** How the person was proven. */
  readonly factors?: readonly Proof[] | undefined
  readonly current: boolean
}

/** An application that knows who this is. */
export interface ApplicationAccessRow {
  readonly id: string
  readonly name: string
  readonly sinceSeconds: number
  readonly lastUsedAtSeconds: number
}

export interface TrustedDeviceRow {
  readonly id: string
  readonly device: string
  readonly addedAtSeconds: number
  readonly untilSeconds: number
}

export interface ActivityRow {
  readonly event: AuditEventName
  readonly atSeconds: number
  /** How many alike it stands for. */
  readonly times?: number | undefined
  /** From how many addresses; the row shows the newest. */
  readonly places?: number
  /** Whose account it was, where that is not plain. */
  readonly who?: string | undefined
  /** Who did it, where that was somebody else. */
  readonly by?: string | undefined
  /** What it concerned, for example the name of an authenticator. */
  readonly about?: string | undefined
  /** How the person was proven, for a sign-in. */
  readonly factors?: readonly Proof[] | undefined
  readonly device?: string | undefined
  readonly address?: string | undefined
}

export interface AccountView {
  readonly name: string
  readonly username: string
  /** How many second factors there are, of all kinds. */
  readonly secondFactors: number
  /** How many there are of each, or left of it. */
  readonly counts: Readonly<Record<FactorKind, number>>
  readonly passkeys: PasskeysView
  readonly authenticators: readonly AuthenticatorRow[]
  readonly mostAuthenticators: number
  /** There are hardware tokens in the drawer. */
  readonly offersTokens: boolean
  readonly recoveryCodes: { readonly left: number; readonly total: number }
  readonly trustedDevices: readonly TrustedDeviceRow[]
  readonly applications: readonly ApplicationAccessRow[]
  /** Not where another application keeps the passwords. */
  readonly hasPassword: boolean
  /** '' where there is none; left out where people cannot change it themselves. */
  readonly email?: string | undefined
  readonly sessions: readonly SessionRow[]
  /** Newest first. */
  readonly activity: readonly ActivityRow[]
  readonly olderHref?: string | undefined
  readonly application?: Application | undefined
  readonly notice?: Notice | undefined
}

export const accountPage = (site: Site, view: AccountView): Html =>
  layout(site, {
    title: account.title,
    width: 'wide',
    body: html`${view.application && wayBack(view.application)} ${noticeBox(view.notice, site.base)}
      <h1>${account.title}</h1>
      ${ownerLine(view)} ${lampLine(view.secondFactors > 0, statusLine(view), 'status')}
      ${factorSections(site, view)} ${view.secondFactors > 0 && trustedSection(site, view)}
      ${sessionsSection(site, view)}
      ${view.applications.length > 0 && applicationsSection(site, view.applications)}
      ${view.hasPassword && passwordSection(site)}
      ${view.email !== undefined && emailSection(site, view.email)} ${activitySection(view)}`,
  })

const wayBack = ({ href, host }: Application): Html =>
  html`<p class="back"><a href="${href}">${account.backTo(host)}</a></p>`

function statusLine(view: AccountView): string {
  if (view.secondFactors === 0) return account.addFirst
  const status = account.status(countWords(view.counts))
  return view.secondFactors === 1 ? `${status} ${account.addSecond}` : status
}
