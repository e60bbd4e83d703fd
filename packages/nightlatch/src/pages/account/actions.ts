import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import { layout, type Site } from '../layout/layout.js'
import {
  actions,
  errorSummary,
  failed,
  knownUsername,
  passwordField,
  textField,
  type FormView,
} from '../layout/parts.js'
import { common } from '../words/words.js'
import {
  endOthers,
  endSession,
  endTrusted,
  password,
  remove,
  removePasskey,
  rename,
  renamePasskey,
  renew,
} from '../words/account.js'

/** A page that asks before something is done: what will happen, one button to do it, one link to leave it. */
interface Question extends FormView {
  readonly title: string
  readonly heading: HtmlValue
  readonly effects: readonly HtmlValue[]
  readonly path: string
  readonly submit: HtmlValue
  readonly tone?: 'danger' | undefined
  /** The section of the account page that the person came from. */
  readonly section: string
  readonly keep: string
}

const question = (site: Site, view: Question): Html =>
  layout(site, {
    title: view.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${view.heading}</h1>
      ${view.effects.map((effect) => html`<p>${effect}</p>`)}
      <form method="post" action="${site.base}${view.path}" novalidate>
        ${actions({ submit: view.submit, tone: view.tone, cancel: { href: `${site.base}/account#${view.section}`, label: view.keep } })}
      </form>`,
  })

export interface AuthenticatorView extends FormView {
  readonly id: string
  readonly name: string
  /** What it is, where it is no authenticator app. */
  readonly kind?: 'passkey'
}

export interface RenameView extends AuthenticatorView {
  /** What was typed, after a refusal. */
  readonly typed?: string | undefined
}

const sectionOf = ({ kind }: AuthenticatorView): string =>
  kind === 'passkey' ? 'passkeys' : 'authenticators'

const pathOf = (view: AuthenticatorView, what: 'rename' | 'remove'): string =>
  `/account/${sectionOf(view)}/${encodeURIComponent(view.id)}/${what}`

export function renamePage(site: Site, view: RenameView): Html {
  const words = view.kind === 'passkey' ? renamePasskey : rename
  const cancel = { href: `${site.base}/account#${sectionOf(view)}`, label: common.cancel }
  return layout(site, {
    title: words.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${words.heading(view.name)}</h1>
      <form method="post" action="${site.base}${pathOf(view, 'rename')}" novalidate>
        ${textField(view, { name: 'name', label: words.label, autocomplete: 'off', value: view.typed ?? view.name })}
        ${actions({ submit: words.submit, cancel })}
      </form>`,
  })
}

export interface RemoveAuthenticatorView extends AuthenticatorView {
  /** It is the only second step of the account. */
  readonly last: boolean
  /** The account must have a second step. */
  readonly required: boolean
}

export function removeAuthenticatorPage(site: Site, view: RemoveAuthenticatorView): Html {
  const words = view.kind === 'passkey' ? removePasskey : remove
  if (view.last && view.required) return removalRefused(site, view)
  return question(site, {
    ...view,
    title: words.title,
    heading: words.heading(view.name),
    effects: [words.effect, view.last && html`<strong>${words.effectLast}</strong>`].filter(Boolean),
    path: pathOf(view, 'remove'),
    submit: words.submit(view.name),
    tone: 'danger',
    section: sectionOf(view),
    keep: words.keep,
  })
}

const removalRefused = (site: Site, view: RemoveAuthenticatorView): Html => {
  const words = view.kind === 'passkey' ? removePasskey : remove
  const add = view.kind === 'passkey' ? '/mfa/setup/passkey' : '/mfa/setup'
  return layout(site, {
    title: words.title,
    body: html`<h1>${named(view.name)}</h1>
      <p>${words.refused}</p>
      <div class="actions">
        <a class="button primary" href="${site.base}${add}">${words.add}</a>
        <a class="cancel" href="${site.base}/account#${sectionOf(view)}">${common.backToAccount}</a>
      </div>`,
  })
}

export interface RenewCodesView extends FormView {
  readonly left: number
  /** The last code has been used: this page cannot be skipped. */
  readonly required?: boolean | undefined
}

export const renewCodesPage = (site: Site, view: RenewCodesView): Html =>
  view.required === true
    ? layout(site, {
        title: renew.title,
        failed: failed(view),
        body: html`${errorSummary(view)}
          <h1>${renew.title}</h1>
          <p>${renew.empty}</p>
          <form method="post" action="${site.base}/account/recovery-codes/renew" novalidate>
            ${actions({ submit: renew.submit })}
          </form>`,
      })
    : question(site, {
        ...view,
        title: renew.title,
        heading: renew.heading,
        effects: [renew.effect, renew.left(view.left)],
        path: '/account/recovery-codes/renew',
        submit: renew.submit,
        section: 'recovery-codes',
        keep: renew.keep,
      })

export interface DeviceView extends FormView {
  readonly id: string
  readonly device: string
}

export const endSessionPage = (site: Site, view: DeviceView): Html =>
  question(site, {
    ...view,
    title: endSession.title,
    heading: endSession.heading(view.device),
    effects: [endSession.effect],
    path: `/account/sessions/${encodeURIComponent(view.id)}/end`,
    submit: endSession.submit,
    tone: 'danger',
    section: 'sessions',
    keep: endSession.keep,
  })

export interface EndOtherSessionsView extends FormView {
  /** How many other sessions there are. */
  readonly count: number
}

export const endOtherSessionsPage = (site: Site, view: EndOtherSessionsView): Html =>
  question(site, {
    ...view,
    title: endOthers.title,
    heading: endOthers.heading,
    effects: [view.count === 0 ? endOthers.none : endOthers.effect(view.count)],
    path: '/account/sessions/end-others',
    submit: endOthers.submit,
    tone: 'danger',
    section: 'sessions',
    keep: endOthers.keep,
  })

export const endTrustedDevicePage = (site: Site, view: DeviceView): Html =>
  question(site, {
    ...view,
    title: endTrusted.title,
    heading: endTrusted.heading(view.device),
    effects: [endTrusted.effect],
    path: `/account/trusted-devices/${encodeURIComponent(view.id)}/end`,
    submit: endTrusted.submit,
    tone: 'danger',
    section: 'trusted-devices',
    keep: endTrusted.keep,
  })

export interface PasswordView extends FormView {
  readonly username: string
  readonly minCharacters: number
}

export const passwordPage = (site: Site, view: PasswordView): Html =>
  layout(site, {
    title: password.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${password.title}</h1>
      <p>${password.effect}</p>
      <form method="post" action="${site.base}/account/password" novalidate>
        ${knownUsername(view.username)}
        ${passwordField(view, { name: 'current_password', label: password.current })}
        ${passwordField(view, { name: 'new_password', label: password.next, hint: password.rules(view.minCharacters) })}
        ${actions({ submit: password.submit, cancel: { href: `${site.base}/account#password`, label: common.cancel } })}
      </form>`,
  })
