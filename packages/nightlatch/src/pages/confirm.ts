import type { FactorKind } from '../core/factors/factor.js'
import type { RequestOptions } from '../core/factors/passkeys/options.js'
import { factorWords } from './words/factors.js'
import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  clockHelp,
  codeInput,
  errorSummary,
  failed,
  knownUsername,
  passwordField,
  type FormView,
} from './layout/parts.js'
import { passkeyForm } from './passkey-form.js'
import { recoveryField } from './sign-in.js'
import { confirm, signOut, type ConfirmAction } from './words/account.js'
import { common, passkey } from './words/words.js'

export interface ConfirmView extends FormView {
  readonly username: string
  /** The account has a second step, so a code is asked for too. */
  readonly withCode: boolean
  /** What else may be given in the code's place, the best first. */
  readonly others: readonly FactorKind[]
  /** Where the person was going: the way back to exactly that. */
  readonly next?: string | undefined
  /** What they are about to do. */
  readonly action?: ConfirmAction | undefined
  readonly minutes: number
  /** What one of the account's passkeys is asked for with; null where there is none that works here. */
  readonly passkey?: RequestOptions | null | undefined
  /** A passkey is not enough without the password. */
  readonly withPassword?: boolean | undefined
  /** How many codes of the account were refused in a row. */
  readonly failures?: number | undefined
}

export interface ConfirmCodeView extends ConfirmView {
  /** What the authenticator app calls the entry; more than one name where apps differ. */
  readonly issuers: readonly string[]
  /** How many digits codes have. */
  readonly lengths: readonly number[]
}

const introduction = (view: ConfirmView): Html =>
  html`<p class="lead">
    ${view.action === undefined ? confirm.lead : confirm.leadFor(view.action)}
    ${confirm.howLong(view.minutes)}
  </p>`

const nextField = ({ next }: ConfirmView): Html | null =>
  next === undefined ? null : html`<input type="hidden" name="next" value="${next}" />`

const withNext = (path: string, { next }: ConfirmView): string =>
  next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`

export const confirmPage = (site: Site, view: ConfirmCodeView): Html =>
  layout(site, {
    title: confirm.title,
    failed: failed(view),
    body: html`${errorSummary(view, withNext(`${site.base}/account/confirm/recovery`, view))}
      <h1>${confirm.title}</h1>
      ${introduction(view)}
      <form method="post" action="${site.base}/account/confirm" autocomplete="off" novalidate>
        ${nextField(view)}${knownUsername(view.username)}
        ${passwordField(view, { name: 'password', label: confirm.password })}
        ${view.withCode && codeField(view)}
        ${actions({ submit: confirm.submit, cancel: { href: `${site.base}/account`, label: common.cancel } })}
      </form>
      ${view.passkey && view.withPassword !== true && passkeyForm({ action: `${site.base}${factorWords.passkey.confirmPath}`, options: view.passkey, next: view.next, label: passkey.use })}
      ${othersBeside(view).map((kind) => html`<p class="aside">${otherProof(site, view, kind)}</p>`)}`,
  })

/** The button is there already. */
const othersBeside = ({ others, passkey, withPassword }: ConfirmView): readonly FactorKind[] =>
  passkey && withPassword !== true ? others.filter((kind) => kind !== 'passkey') : others

function codeField(view: ConfirmCodeView): Html {
  const clock = clockHelp(view.failures)
  const code = codeInput(view, clock.hintIds)
  return html`<div class="field">
    <label for="otp">${confirm.code(view.lengths)}</label>
    <p class="hint" id="otp-hint">${confirm.codeHint(view.issuers)}</p>
    ${code.errors}${clock.hint}${code.input}
  </div>`
}

const confirmHref = (site: Site, view: ConfirmView, kind: FactorKind): string =>
  withNext(`${site.base}${factorWords[kind].confirmPath}`, view)

const otherProof = (site: Site, view: ConfirmView, kind: FactorKind): Html =>
  html`<a href="${confirmHref(site, view, kind)}">${factorWords[kind].use}</a>`

export const confirmPasskeyPage = (site: Site, view: ConfirmView): Html =>
  layout(site, {
    title: confirm.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${confirm.title}</h1>
      ${introduction(view)}
      ${
        view.passkey
          ? passkeyForm({
              action: `${site.base}${factorWords.passkey.confirmPath}`,
              options: view.passkey,
              next: view.next,
              label: passkey.use,
              isMain: true,
              before: view.withPassword === true && passwordBeside(view),
            })
          : html`<p>${passkey.noneHere}</p>`
      }
      ${view.others.map((kind) => html`<p class="aside">${otherProof(site, view, kind)}</p>`)}
      <p class="aside"><a href="${site.base}/account">${common.cancel}</a></p>`,
  })

const passwordBeside = (view: ConfirmView): Html =>
  html`<p class="hint">${passkey.withPassword}</p>
    ${knownUsername(view.username)}${passwordField(view, { name: 'password', label: confirm.password })}`

export function confirmRecoveryPage(site: Site, view: ConfirmView): Html {
  const [instead] = view.others
  const cancel = instead && { href: confirmHref(site, view, instead), label: factorWords[instead].use }
  return layout(site, {
    title: confirm.titleRecovery,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${confirm.titleRecovery}</h1>
      ${introduction(view)}
      <p>${confirm.spends}</p>
      <form method="post" action="${site.base}/account/confirm/recovery" autocomplete="off" novalidate>
        ${nextField(view)}${knownUsername(view.username)}
        ${passwordField(view, { name: 'password', label: confirm.password })} ${recoveryField(view)}
        ${actions({ submit: confirm.submit, cancel })}
      </form>`,
  })
}

/** Where `GET /logout` leads: it only asks. */
export const logoutPage = (site: Site): Html =>
  layout(site, {
    title: signOut.title,
    withoutSignOut: true,
    body: html`<h1>${signOut.heading}</h1>
      <p>${signOut.effect}</p>
      <form method="post" action="${site.base}/logout" novalidate>
        ${actions({ submit: signOut.submit, cancel: { href: `${site.base}/`, label: signOut.keep } })}
      </form>`,
  })
