import type { FactorKind } from '../core/factors/factor.js'
import type { CreationOptions, RequestOptions } from '../core/factors/passkeys/options.js'
import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import { errorSummary, failed, textField, type FormView } from './layout/parts.js'
import { passkeyForm } from './passkey-form.js'
import { otherSteps, rememberBox, withNext } from './sign-in.js'
import { common, newPasskey, passkey, setup, verify } from './words/words.js'

export interface PasskeyStepView extends FormView {
  readonly username: string
  /** null: none of the account's was made for this address. */
  readonly passkey: RequestOptions | null
  readonly rememberDays: number
  /** What else may be given, the best first. */
  readonly others: readonly FactorKind[]
  readonly next?: string | undefined
}

export const passkeyStepPage = (site: Site, view: PasskeyStepView): Html =>
  layout(site, {
    title: passkey.title,
    failed: failed(view),
    withoutSignOut: true,
    body: html`${errorSummary(view)}
      <p class="who">${verify.who(view.username)}</p>
      <h1>${passkey.title}</h1>
      ${
        view.passkey === null
          ? html`<p>${passkey.noneHere}</p>`
          : html`<p class="lead">${passkey.lead}</p>
              ${passkeyForm({
                action: `${site.base}/mfa/passkey`,
                options: view.passkey,
                next: view.next,
                label: passkey.use,
                isMain: true,
                before: rememberBox(view.rememberDays),
              })}`
      }
      <section class="aside" aria-labelledby="other-ways">
        <h2 id="other-ways">${passkey.otherWays}</h2>
        <ul>
          ${otherSteps(site, view)}
          <li><a href="${withNext(`${site.base}/login?restart`, view.next)}">${verify.startAgain}</a></li>
        </ul>
      </section>`,
  })

export interface NewPasskeyView extends FormView {
  readonly options: CreationOptions
  readonly name?: string | undefined
  readonly next?: string | undefined
  /** The account must have a second step: there is no way around this page. */
  readonly required: boolean
  /** What it takes the place of, where that is settled. */
  readonly replaces?: string | undefined
  readonly replacesId?: string | undefined
  /** An authenticator app would do as well. */
  readonly offersApp: boolean
  readonly cancelHref?: string | undefined
}

export const newPasskeyPage = (site: Site, view: NewPasskeyView): Html =>
  layout(site, {
    title: newPasskey.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${newPasskey.title}</h1>
      <p class="lead">${view.required && html`${setup.why} `}${newPasskey.what}</p>
      ${view.replaces !== undefined && html`<p>${newPasskey.replaces(view.replaces)}</p>`}
      ${passkeyForm({
        action: `${site.base}/mfa/setup/passkey`,
        options: view.options,
        next: view.next,
        label: newPasskey.submit,
        creates: true,
        isMain: true,
        before: html`${view.replacesId !== undefined && html`<input type="hidden" name="replaces" value="${view.replacesId}" />`}
        ${textField(view, {
          name: 'name',
          label: newPasskey.name,
          hint: setup.nameHint,
          autocomplete: 'off',
          value: view.name,
        })}`,
      })}
      ${view.offersApp && html`<p class="aside"><a href="${withNext(`${site.base}/mfa/setup`, view.next)}">${newPasskey.insteadOfApp}</a></p>`}
      ${view.cancelHref !== undefined && html`<p class="aside"><a href="${view.cancelHref}">${common.cancel}</a></p>`}`,
  })

export interface LostFactorView {
  readonly among: readonly { readonly id: string; readonly name: string }[]
}

/** Whoever came with a recovery code, and had several, says which one is lost. */
export const lostFactorPage = (site: Site, view: LostFactorView): Html =>
  layout(site, {
    title: newPasskey.which,
    body: html`<h1>${newPasskey.which}</h1>
      <p class="lead">${newPasskey.takesItsPlace}</p>
      <ul>
        ${view.among.map(({ id, name }) => html`<li><a href="${site.base}/mfa/setup/passkey?replaces=${id}">${named(name)}</a></li>`)}
      </ul>
      <p class="aside"><a href="${site.base}/account">${common.cancel}</a></p>`,
  })
