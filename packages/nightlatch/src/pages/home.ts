import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import type { CreationOptions } from '../core/factors/passkeys/options.js'
import { noticeAction, type Notice } from './layout/flash.js'
import { lampLine, noticeBox, ownerLine } from './layout/parts.js'
import { moment } from './layout/time.js'
import { fewRecoveryCodes } from './words/account.js'
import { passkeyForm } from './passkey-form.js'
import { common, home, newPasskey } from './words/words.js'

export interface FactorRow {
  readonly name: string
  readonly addedAtSeconds: number
  readonly lastUsedAtSeconds?: number | undefined
}

/** What people are on their way to. */
export interface Application {
  readonly href: string
  /** Its host, where that is another one than ours. */
  readonly host?: string | undefined
}

export interface HomeView {
  /** The person's name, or the username where there is none. */
  readonly name: string
  readonly username: string
  readonly factors: readonly Pick<FactorRow, 'name'>[]
  readonly recoveryCodesLeft: number
  readonly application?: Application | undefined
  /** What this person may open, by name. */
  readonly applications?: readonly (Application & { readonly name: string })[]
  /** The end of the account, where it is near. */
  readonly endsAtSeconds?: number | undefined
  /** The person who runs this installation is told what can be done next. */
  readonly runsThis: boolean
  /** May look after other people's accounts. */
  readonly mayAdminister?: boolean
  /** Right after a sign-in with a code, once in each browser: a passkey would do instead. */
  readonly newPasskey?: CreationOptions | undefined
  /** As far as we know, there is no application yet. */
  readonly standsAlone: boolean
  readonly notice?: Notice | undefined
}

export const homePage = (site: Site, view: HomeView): Html =>
  layout(site, {
    title: home.page,
    withoutSignOut: true,
    body: html`${noticeBox(view.notice, site.base)}
      <h1>${home.title}</h1>
      ${ownerLine(view)} ${applications(view)} ${ends(view)} ${secondStep(view)} ${ways(site, view)}
      ${view.newPasskey !== undefined && passkeyOffer(site, view.newPasskey)}
      ${view.runsThis && nextSteps(view)}`,
  })

/** First of all: most people are here on their way to one of these. */
const applications = ({ applications: all = [] }: HomeView): Html | false =>
  all.length > 0 &&
  html`<nav class="applications" aria-label="${home.applications}">
    <ul role="list">
      ${all.map(
        ({ name, href, host }) =>
          html`<li>
            <a href="${href}"
              ><strong>${named(name)}</strong
              >${host !== undefined && host !== name && html` <span class="hint">${named(host)}</span>`}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`

const ends = ({ endsAtSeconds }: HomeView): Html | false =>
  endsAtSeconds !== undefined && html`<p class="warn">${home.ends} ${moment(endsAtSeconds)}.</p>`

function secondStep({ factors, recoveryCodesLeft: left }: HomeView): Html {
  if (factors.length === 0) return lampLine(false, home.none)
  const isOn = lampLine(true, home.on(factors.map(({ name }) => named(name))))
  return left > fewRecoveryCodes
    ? html`${isOn}
        <p class="hint">${home.codesLeft(left)}.</p>`
    : html`${isOn}
        <p class="warn">${home.fewCodesLeft(left)}</p>`
}

interface Way {
  readonly path: string
  readonly label: Html | string
}

/** One of them is what the person most likely wants: what a notice asks for, else the application, else what is missing. */
function ways(site: Site, view: HomeView): Html {
  const asked =
    (view.applications ?? []).length > 0 || (view.notice !== undefined && noticeAction(view.notice) !== null)
  const own: readonly (Way | false)[] = [
    view.factors.length === 0 && { path: '/mfa/setup', label: home.add },
    !asked &&
      view.factors.length > 0 &&
      view.recoveryCodesLeft <= fewRecoveryCodes && {
        path: '/account/recovery-codes/renew',
        label: home.renew,
      },
    { path: '/account', label: home.manage },
    view.mayAdminister === true && { path: '/admin', label: home.administer },
  ]
  const links = [
    ...(view.application === undefined
      ? []
      : [{ href: view.application.href, label: home.goTo(view.application.host) }]),
    ...own.filter((way) => way !== false).map(({ path, label }) => ({ href: site.base + path, label })),
  ]
  return html`<div class="actions">
    ${links.map(
      ({ href, label }, index) =>
        html`<a class="button${!asked && index === 0 && links.length > 1 && ' primary'}" href="${href}"
          >${label}</a
        >`,
    )}
    <form class="leave" method="post" action="${site.base}/logout">
      <button class="plain" type="submit">${common.signOut}</button>
    </form>
  </div>`
}

/** Shown by the script, where the browser can. Whoever does not want it goes on: it does not come again. */
const passkeyOffer = (site: Site, options: CreationOptions): Html =>
  html`<section class="aside" aria-labelledby="passkey-offer" hidden data-passkey-only>
    <h2 id="passkey-offer">${newPasskey.offer}</h2>
    <p>${newPasskey.what}</p>
    ${passkeyForm({
      action: `${site.base}/mfa/setup/passkey`,
      options,
      label: newPasskey.submit,
      creates: true,
      upgrades: true,
      before: html`<input type="hidden" name="upgrade" value="yes" />`,
    })}
  </section>`

/** Open for as long as there is something to begin with. */
const nextSteps = ({ standsAlone }: HomeView): Html =>
  html`<details class="aside commands" ${standsAlone && html` open`}>
    <summary>${home.nextTitle}</summary>
    <ul>
      ${home.nextSteps
        .filter(({ first }) => standsAlone || !first)
        .map(({ text, command }) => html`<li>${text} <code dir="ltr" translate="no">${command}</code></li>`)}
    </ul>
  </details>`
