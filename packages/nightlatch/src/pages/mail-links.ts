import type { FactorKind } from '../core/factors/factor.js'
import type { RequestOptions } from '../core/factors/passkeys/options.js'
import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  codeInput,
  errorSummary,
  failed,
  knownUsername,
  passwordField,
  textField,
  type FormView,
} from './layout/parts.js'
import { passkeyForm } from './passkey-form.js'
import { recoveryField } from './sign-in.js'
import { factorWords } from './words/factors.js'
import { email, forgotten, reset } from './words/mail.js'
import { common, passkey, verify } from './words/words.js'

export interface ForgottenView extends FormView {
  /** What was typed, after a refusal. */
  readonly identifier?: string | undefined
}

export const forgottenPage = (site: Site, view: ForgottenView): Html =>
  layout(site, {
    title: forgotten.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${forgotten.title}</h1>
      <p class="lead">${forgotten.lead}</p>
      <form method="post" action="${site.base}/password/forgot" novalidate>
        ${textField(view, { name: 'identifier', label: forgotten.identifier, autocomplete: 'username', value: view.identifier })}
        ${actions({ submit: forgotten.submit, cancel: { href: `${site.base}/login`, label: common.cancel } })}
      </form>`,
  })

/** The same for every name. */
export const forgottenSentPage = (site: Site): Html =>
  layout(site, {
    title: forgotten.sentTitle,
    withoutSignOut: true,
    body: html`<h1>${forgotten.sentTitle}</h1>
      <p class="lead">${forgotten.sent}</p>
      <p>${forgotten.notThere}</p>
      <p class="actions"><a class="button primary" href="${site.base}/login">${forgotten.back}</a></p>`,
  })

export interface ResetView extends FormView {
  readonly username: string
  readonly minCharacters: number
  /** What is given beside the new password; null: the account has nothing. */
  readonly kind: FactorKind | null
  /** What else may be given. */
  readonly others: readonly FactorKind[]
  /** How many digits codes have. */
  readonly lengths: readonly number[]
  readonly issuers: readonly string[]
  readonly passkey?: RequestOptions | null | undefined
}

export const resetPage = (site: Site, view: ResetView): Html =>
  layout(site, {
    title: reset.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${reset.title}</h1>
      <p class="lead">${reset.forWhom(view.username)}</p>
      ${view.kind === null ? html`<p>${reset.noFactor}</p>` : resetForm(site, { ...view, kind: view.kind })}
      ${view.others.map((kind) => html`<p class="aside"><a href="${site.base}/password/reset?with=${kind}">${factorWords[kind].use}</a></p>`)}`,
  })

type Asking = ResetView & { readonly kind: FactorKind }

function resetForm(site: Site, view: Asking): Html {
  const action = `${site.base}/password/reset`
  const fields = html`<input type="hidden" name="with" value="${view.kind}" />${knownUsername(view.username)}
    ${passwordField(view, { name: 'new_password', label: reset.password, hint: reset.rules(view.minCharacters) })}`
  if (view.kind === 'passkey')
    return view.passkey
      ? passkeyForm({
          action,
          options: view.passkey,
          label: reset.submitPasskey,
          isMain: true,
          before: fields,
        })
      : html`<p>${passkey.noneHere}</p>`
  return html`<form method="post" action="${action}" autocomplete="off" novalidate>
    ${fields} ${view.kind === 'recovery-code' ? recoveryField(view) : codeField(view)}
    ${actions({ submit: reset.submit })}
  </form>`
}

function codeField(view: Asking): Html {
  const code = codeInput(view, 'otp-hint')
  return html`<div class="field">
    <label for="otp">${verify.heading(view.lengths)}</label>
    <p class="hint" id="otp-hint">${verify.hint(view.issuers)}</p>
    ${code.errors}${code.input}
  </div>`
}

export interface EmailView extends FormView {
  /** The address now, or ''. */
  readonly current: string
  readonly typed?: string | undefined
}

export const emailPage = (site: Site, view: EmailView): Html =>
  layout(site, {
    title: email.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${email.title}</h1>
      <p>${view.current === '' ? email.none : email.current(view.current)}</p>
      <p>${email.effect}</p>
      <form method="post" action="${site.base}/account/email" novalidate>
        ${textField(view, { name: 'email', label: email.label, autocomplete: 'email', value: view.typed })}
        ${actions({ submit: email.submit, cancel: { href: `${site.base}/account#email`, label: common.cancel } })}
      </form>`,
  })

export interface ConfirmEmailView {
  readonly email: string
  readonly username: string
}

export const confirmEmailPage = (site: Site, view: ConfirmEmailView): Html =>
  layout(site, {
    title: email.confirmTitle,
    withoutSignOut: true,
    body: html`<h1>${email.confirmTitle}</h1>
      <p>${email.confirm(view.email, view.username)}</p>
      <form method="post" action="${site.base}/email/confirm" novalidate>
        ${actions({ submit: html`${email.confirmSubmit} ${named(view.email)}` })}
      </form>`,
  })
