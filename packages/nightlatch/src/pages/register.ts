import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  errorSummary,
  failed,
  nextField,
  passwordField,
  textField,
  type FormView,
} from './layout/parts.js'
import { registration as words } from './words/registration.js'
import { invitation } from './words/words.js'

interface RegisterView extends FormView {
  readonly typed: { readonly username: string; readonly name: string; readonly email: string }
  /** The address that was confirmed; it cannot be changed here. */
  readonly email?: string | undefined
  /** An administrator has to agree. */
  readonly needsApproval: boolean
  readonly minCharacters: number
  readonly next?: string | undefined
}

export const registerPage = (site: Site, view: RegisterView): Html =>
  layout(site, {
    title: words.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${words.title}</h1>
      <p class="lead">${view.needsApproval ? words.leadApproval : words.lead}</p>
      ${view.email !== undefined && html`<p class="who">${words.forAddress(view.email)}</p>`}
      <form method="post" action="${site.base}/register" novalidate>
        ${nextField(view.next)}
        ${textField(view, { name: 'username', label: words.username, hint: words.usernameHint, autocomplete: 'username', value: view.typed.username })}
        ${textField(view, { name: 'name', label: words.name, hint: words.nameHint, autocomplete: 'name', value: view.typed.name })}
        ${view.email === undefined && textField(view, { name: 'email', label: words.email, hint: words.emailHint, autocomplete: 'email', value: view.typed.email })}
        ${passwordField(view, { name: 'new_password', label: words.password, hint: invitation.passwordHint(view.minCharacters) })}
        ${actions({ submit: words.submit })}
      </form>
      ${signInInstead(site, view.next)}`,
  })

interface AddressView extends FormView {
  readonly typed: string
  readonly domains: readonly string[]
  readonly next?: string | undefined
}

/** First of all, where addresses are confirmed. */
export const registerAddressPage = (site: Site, view: AddressView): Html =>
  layout(site, {
    title: words.addressTitle,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <h1>${words.addressTitle}</h1>
      <p class="lead">${words.addressLead}</p>
      <form method="post" action="${site.base}/register" novalidate>
        ${nextField(view.next)}
        ${textField(view, { name: 'email', label: words.email, hint: words.addressHint(view.domains), autocomplete: 'email', value: view.typed })}
        ${actions({ submit: words.addressSubmit })}
      </form>
      ${signInInstead(site, view.next)}`,
  })

export const registerSentPage = (site: Site, next: string | undefined): Html =>
  layout(site, {
    title: words.sentTitle,
    withoutSignOut: true,
    body: html`<h1>${words.sentTitle}</h1>
      <p>${words.sent}</p>
      <p class="hint">${words.sentAside}</p>
      <p class="links"><a href="${withNext(`${site.base}/register`, next)}">${words.again}</a></p>`,
  })

export const waitingPage = (site: Site): Html =>
  layout(site, {
    title: words.waitingTitle,
    withoutSignOut: true,
    body: html`<h1>${words.waitingTitle}</h1>
      <p>${words.waiting}</p>
      <p class="links"><a class="button" href="${site.base}/login">${words.toSignIn}</a></p>`,
  })

const signInInstead = (site: Site, next: string | undefined): Html =>
  html`<p class="aside"><a href="${withNext(`${site.base}/login`, next)}">${words.signIn}</a></p>`

const withNext = (path: string, next: string | undefined): string =>
  next === undefined || next === '' ? path : `${path}?next=${encodeURIComponent(next)}`
