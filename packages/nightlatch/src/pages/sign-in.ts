import type { FactorKind } from '../core/factors/factor.js'
import type { RequestOptions } from '../core/factors/passkeys/options.js'
import { factorWords } from './words/factors.js'
import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import type { Notice } from './layout/flash.js'
import {
  actions,
  clockHelp,
  codeInput,
  errorSummary,
  failed,
  nextField,
  noticeBox,
  passwordField,
  textField,
  type FormView,
} from './layout/parts.js'
import { passkeyForm } from './passkey-form.js'
import { forgotten } from './words/mail.js'
import { common, passkey, recovery, signIn, verify } from './words/words.js'

export interface LoginView extends FormView {
  /** What was typed, after a refusal. */
  readonly username?: string | undefined
  /** Where to go afterwards. */
  readonly next?: string | undefined
  /** The name of the application that sent the person here. */
  readonly continueTo?: string | undefined
  readonly notice?: Notice | undefined
  /** A passkey may sign in alone. */
  readonly passkey?: RequestOptions | null | undefined
  /** Everybody, or some people, may make an account of their own. */
  readonly offersRegistration?: boolean | undefined
  /** Whoever has forgotten the password may ask for a new one. */
  readonly offersReset?: boolean | undefined
}

export const loginPage = (site: Site, view: LoginView): Html =>
  layout(site, {
    title: signIn.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}${!failed(view) && noticeBox(view.notice)}
      <h1>${signIn.title}</h1>
      ${view.continueTo && html`<p class="lead">${signIn.lead(view.continueTo)}</p>`}
      <form method="post" action="${site.base}/login" novalidate>
        ${nextField(view.next)}${textField(view, { name: 'username', label: signIn.username, autocomplete: 'username webauthn', value: view.username })}
        ${passwordField(view, { name: 'password', label: signIn.password })}
        ${actions({ submit: signIn.submit })}
      </form>
      ${view.passkey && passkeyForm({ action: `${site.base}/login/passkey`, options: view.passkey, next: view.next, label: passkey.signIn, autofill: true })}
      ${view.offersReset && html`<p class="aside"><a href="${site.base}/password/forgot">${forgotten.link}</a></p>`}
      ${view.offersRegistration === true && html`<p class="aside"><a href="${withNext(`${site.base}/register`, view.next)}">${signIn.register}</a></p>`}
      <p class="aside"><a href="${site.base}/help#cannot-sign-in">${signIn.cannot}</a></p>`,
  })

export interface VerifyView extends FormView {
  readonly username: string
  /** What the authenticator app calls the entry; more than one name where apps differ. */
  readonly issuers: readonly string[]
  /** How many digits codes have. */
  readonly lengths: readonly number[]
  readonly next?: string | undefined
  readonly offerRemember: boolean
  readonly rememberDays: number
  /** What else may be given, the best first. */
  readonly others: readonly FactorKind[]
  /** What one of the account's passkeys is asked for with. */
  readonly passkey?: RequestOptions | null | undefined
  /** How many codes of the account were refused in a row. */
  readonly failures?: number | undefined
}

export function verifyPage(site: Site, view: VerifyView): Html {
  const clock = clockHelp(view.failures)
  const code = codeInput(view, clock.hintIds, !failed(view))
  return layout(site, {
    title: verify.title(view.lengths),
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view, withNext(`${site.base}/mfa/recovery`, view.next))}
      <form method="post" action="${site.base}/mfa/verify" autocomplete="off" novalidate>
        <p class="who">${verify.who(view.username)}</p>
        <h1><label for="otp">${verify.heading(view.lengths)}</label></h1>
        <p class="hint" id="otp-hint">${verify.hint(view.issuers)}</p>
        ${code.errors}${clock.hint} ${code.input} ${view.offerRemember && rememberBox(view.rememberDays)}
        ${nextField(view.next)}${actions({ submit: common.continue })}
      </form>
      ${view.passkey && passkeyForm({ action: `${site.base}/mfa/passkey`, options: view.passkey, next: view.next, label: passkey.use, takesFrom: 'remember' })}
      <section class="aside" aria-labelledby="other-ways">
        <h2 id="other-ways">${verify.cannot}</h2>
        <ul>
          ${otherSteps(site, { ...view, others: view.others.filter((kind) => kind !== 'passkey') })}
          <li><a href="${withNext(`${site.base}/login?restart`, view.next)}">${verify.startAgain}</a></li>
        </ul>
      </section>`,
  })
}

export const otherSteps = (
  site: Site,
  { others, next }: Pick<VerifyView, 'others' | 'next'>,
): readonly Html[] =>
  others.map((kind) => {
    const { stepPath, use } = factorWords[kind]
    return html`<li><a href="${withNext(site.base + stepPath, next)}">${use}</a></li>`
  })

export const rememberBox = (days: number): Html =>
  html`<div class="check">
    <input id="remember" name="remember" type="checkbox" value="yes" aria-describedby="remember-hint" />
    <label for="remember">${verify.remember(days)}</label>
    <p class="hint" id="remember-hint">${verify.rememberHint}</p>
  </div>`

export interface RecoveryView extends FormView {
  readonly username: string
  /** What else may be given, the best first. */
  readonly others: readonly FactorKind[]
  readonly next?: string | undefined
}

export function recoveryPage(site: Site, view: RecoveryView): Html {
  const [instead] = view.others
  const cancel = instead && {
    href: withNext(site.base + factorWords[instead].stepPath, view.next),
    label: factorWords[instead].use,
  }
  return layout(site, {
    title: recovery.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <form method="post" action="${site.base}/mfa/recovery" autocomplete="off" novalidate>
        <p class="who">${verify.who(view.username)}</p>
        <h1>${recovery.title}</h1>
        ${recoveryField(view)} ${nextField(view.next)}${actions({ submit: recovery.submit, cancel })}
      </form>
      <section class="aside" aria-labelledby="no-code">
        <h2 id="no-code">${recovery.noneTitle}</h2>
        ${operatorHelp(site)}
      </section>`,
  })
}

export const recoveryField = (view: FormView): Html =>
  textField(view, {
    name: 'recovery_code',
    label: recovery.label,
    hint: recovery.hint,
    autocomplete: 'off',
    className: 'long-code',
  })

const operatorHelp = (site: Site): Html => html`<p>${common.askOperator(site.name)}</p>`

/** A link to another page of the same sign-in. */
export const withNext = (href: string, next: string | undefined): string =>
  next ? `${href}${href.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}` : href
