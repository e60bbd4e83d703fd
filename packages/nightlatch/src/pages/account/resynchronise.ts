import { html, type Html } from '../layout/html.js'
import { layout, type Site } from '../layout/layout.js'
import { actions, codeInput, errorSummary, failed, textField, type FormView } from '../layout/parts.js'
import { common } from '../words/words.js'
import { resynchronise } from '../words/account.js'

export interface ResynchroniseView extends FormView {
  readonly id: string
  readonly name: string
  readonly digits: number
  /** Its codes follow a counter, not the clock. */
  readonly counts: boolean
}

/** An authenticator whose codes are refused is brought back into step by two codes in a row. */
export const resynchronisePage = (site: Site, view: ResynchroniseView): Html =>
  layout(site, {
    title: resynchronise.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${resynchronise.heading(view.name)}</h1>
      <p>${view.counts ? resynchronise.whyCounter : resynchronise.whyClock}</p>
      <form
        method="post"
        action="${site.base}/account/authenticators/${encodeURIComponent(view.id)}/resynchronise"
        autocomplete="off"
        novalidate
      >
        ${codePair(view, view.digits)}
        ${actions({ submit: resynchronise.submit, cancel: { href: `${site.base}/account#authenticators`, label: common.cancel } })}
      </form>`,
  })

/** Two codes, one after the other, of the same authenticator. */
export function codePair(view: FormView, digits?: number): Html {
  const first = codeInput(view)
  return html`<div class="field">
      <label for="otp">${resynchronise.first(digits)}</label>
      ${first.errors}${first.input}
    </div>
    ${textField(view, { name: 'next_otp', label: resynchronise.second, hint: resynchronise.secondHint, autocomplete: 'off', className: 'code' })}`
}
