import { html, named, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import {
  actions,
  codeInput,
  errorSummary,
  failed,
  fieldState,
  nextField,
  textField,
  type FormView,
} from './layout/parts.js'
import type { CreationOptions } from '../core/factors/passkeys/options.js'
import { passkeyForm } from './passkey-form.js'
import { changePhone, common, newPasskey, newToken, setup } from './words/words.js'

export interface SetupView extends FormView {
  readonly issuer: string
  /** The account as the app will show it: `alice@auth.example`. */
  readonly account: string
  /** Base32, without spaces and padding. */
  readonly key: string
  /** The otpauth address. */
  readonly uri: string
  /** From `qrSvg`. */
  readonly qr: Html
  /** The name typed so far, or a suggestion. */
  readonly name?: string | undefined
  /** The account must have a second step: there is no way around this page. */
  readonly required: boolean
  /** The account has an authenticator already. */
  readonly another?: boolean | undefined
  readonly cancelHref?: string | undefined
  /** Where to go afterwards. */
  readonly next?: string | undefined
  /** A passkey may be made instead. */
  readonly passkey?: CreationOptions | null | undefined
  /** There are hardware tokens that one of could be added instead. */
  readonly offersTokens?: boolean | undefined
  /** The name of the authenticator that this one takes the place of. */
  readonly replaces?: string | undefined
}

const groupsOfFour = (key: string): string => key.match(/.{1,4}/g)?.join(' ') ?? ''

export const setupPage = (site: Site, view: SetupView): Html =>
  layout(site, {
    title: setup.title,
    failed: failed(view),
    width: 'wide',
    body: html`${errorSummary(view)}
      <h1>${setup.title}</h1>
      <p class="lead">${introduction(view)}</p>
      <form method="post" action="${site.base}/mfa/setup" autocomplete="off" novalidate>
        <ol class="steps side" role="list">
          <li>${scanStep(site, view)}</li>
          <li>
            ${codeStep(view)}
            ${nextField(view.next)}${actions({
              submit: setup.submit,
              cancel:
                view.cancelHref === undefined ? undefined : { href: view.cancelHref, label: common.cancel },
            })}
          </li>
        </ol>
      </form>
      ${view.passkey && passkeyInstead(site, view, view.passkey)}
      <div class="aside">
        ${aids(site, view)}
        ${view.offersTokens === true && html`<p><a href="${site.base}/mfa/setup/token">${newToken.offer}</a></p>`}
      </div>`,
  })

/** Shown by the script, where the browser can make one. */
const passkeyInstead = (site: Site, view: SetupView, options: CreationOptions): Html =>
  html`<section class="aside" data-passkey-only hidden aria-labelledby="or-passkey">
    <h2 id="or-passkey">${newPasskey.instead}</h2>
    <p>${newPasskey.what}</p>
    ${passkeyForm({ action: `${site.base}/mfa/setup/passkey`, options, next: view.next, label: newPasskey.submit, creates: true })}
  </section>`

function introduction(view: SetupView): Html {
  if (view.replaces !== undefined) return setup.replaces(view.replaces)
  if (view.another === true) return html`${setup.whyAnother}`
  return html`${view.required ? setup.why : setup.whyOptional}`
}

const scanStep = (site: Site, view: SetupView): Html =>
  html`<h2>${setup.addTo(site.name)}</h2>
    <div class="enrol">
      <p class="touch"><a class="button" href="${view.uri}">${setup.open}</a></p>
      <div class="scan">
        <p>${setup.scan}</p>
        <div class="qr" role="img" aria-label="${setup.qrLabel}">${view.qr}</div>
      </div>
      ${keyBlock(view)}
    </div>`

/** What only some people need comes after what everybody does. */
const aids = (site: Site, view: SetupView): Html =>
  html`<details>
      <summary>${setup.cannotScan}</summary>
      <p>${setup.typeKey}</p>
      <dl class="facts">
        <div>
          <dt>${setup.account}</dt>
          <dd translate="no">${named(view.account)}</dd>
        </div>
        <div>
          <dt>${setup.issuer}</dt>
          <dd translate="no">${named(view.issuer)}</dd>
        </div>
        <div>
          <dt>${setup.type}</dt>
          <dd>${setup.typeValue}</dd>
        </div>
      </dl>
    </details>
    <details>
      <summary>${setup.noApp}</summary>
      <p>${setup.anyApp} <a href="${site.base}/help#apps">${setup.apps}</a></p>
    </details>`

const keyBlock = (view: SetupView): Html =>
  html`<div class="key">
    <p class="label" id="setup-key-label">${setup.key}</p>
    <p><code id="setup-key" dir="ltr" translate="no">${groupsOfFour(view.key)}</code></p>
    <p class="after">
      <button
        class="quiet"
        type="button"
        hidden
        data-copy="${view.key}"
        data-copied="${common.copied}"
        data-failed="${setup.copyFailed}"
      >
        ${setup.copyKey}
      </button>
      <span role="status"></span>
    </p>
  </div>`

/** The code first: it is what the page is for. The name can stay empty. */
function codeStep(view: SetupView): Html {
  const code = codeInput(view)
  return html`<h2>${setup.codeTitle}</h2>
    <div class="field"><label for="otp">${setup.code}</label> ${code.errors}${code.input}</div>
    ${textField(view, { name: 'name', label: setup.name, hint: setup.nameHint, autocomplete: 'off', value: view.name })}`
}

export interface ChangePhoneView extends FormView {
  readonly authenticators: readonly { readonly id: string; readonly name: string }[]
}

export const changePhonePage = (site: Site, view: ChangePhoneView): Html =>
  layout(site, {
    title: changePhone.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${changePhone.title}</h1>
      <p class="lead">${changePhone.lead}</p>
      <ol>
        ${changePhone.steps.map((step) => html`<li>${step}</li>`)}
      </ol>
      <form method="post" action="${site.base}/account/change-phone" novalidate>
        ${whichPhone(view)}
        ${actions({ submit: changePhone.submit, cancel: { href: `${site.base}/account`, label: changePhone.cancel } })}
      </form>`,
  })

function whichPhone(view: ChangePhoneView): Html | null {
  const [only, ...others] = view.authenticators
  if (only === undefined) return null
  if (others.length === 0) {
    return html`<p>${changePhone.replaces(only.name)}</p>
      <input type="hidden" name="authenticator" value="${only.id}" />`
  }
  const state = fieldState(view, 'authenticator')
  return html`<fieldset>
    <legend>${changePhone.which}</legend>
    ${state.errors}${view.authenticators.map(
      ({ id, name }, index) =>
        html`<div class="check">
          <input
            id="authenticator${index > 0 && html`-${index + 1}`}"
            name="authenticator"
            type="radio"
            value="${id}"
            ${state.describedBy}
          />
          <label for="authenticator${index > 0 && html`-${index + 1}`}">${named(name)}</label>
        </div>`,
    )}
  </fieldset>`
}
