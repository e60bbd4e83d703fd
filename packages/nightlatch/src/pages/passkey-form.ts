import type { CreationOptions, RequestOptions } from '../core/factors/passkeys/options.js'
import { html, type Html, type HtmlValue } from './layout/html.js'
import { nextField } from './layout/parts.js'
import { passkey } from './words/words.js'

interface PasskeyForm {
  readonly action: string
  readonly options: RequestOptions | CreationOptions
  readonly label: string
  readonly next?: string | undefined
  /** Offered in the field for the name as well, beside what the browser has saved. */
  readonly autofill?: boolean
  /** It makes one, rather than asking for one. */
  readonly creates?: boolean
  /** A browser that has just filled in the password may make it without a question. */
  readonly upgrades?: boolean
  /** The page is about nothing else: where the button cannot be shown, it says why. */
  readonly isMain?: boolean
  readonly before?: HtmlValue
  /** The id of a box in another form of the page, which counts for this one, too. */
  readonly takesFrom?: string
}

/**
 * A button that asks the browser for a passkey: the script shows it where the browser knows them, hands over what the server
 * asks for, and sends the answer with the form.
 */
export const passkeyForm = (form: PasskeyForm): Html =>
  html`${form.isMain === true && html`<p data-passkey-cannot>${passkey.cannot}</p>`}
    <form
      class="passkey"
      method="post"
      action="${form.action}"
      novalidate
      hidden
      data-passkey="${JSON.stringify(form.options)}"
      data-closed="${passkey.closed}"
      data-failed="${passkey.failed}"
      ${form.creates === true && html` data-create data-there="${passkey.there}"`}${form.upgrades === true && html` data-upgrade`}${form.autofill === true && html` data-autofill`}${form.takesFrom !== undefined && html` data-takes="${form.takesFrom}"`}
    >
      <input type="hidden" name="credential" />
      ${form.takesFrom !== undefined && html`<input type="hidden" name="${form.takesFrom}" />`}
      ${nextField(form.next)}${form.before}
      <div class="actions">
        <button class="${form.isMain === true ? 'primary' : 'quiet'}" type="button" hidden>
          ${form.label}
        </button>
      </div>
      <p class="hint" role="status"></p>
    </form>`
