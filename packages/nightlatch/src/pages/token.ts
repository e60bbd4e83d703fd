import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import { actions, errorSummary, failed, nextField, textField, type FormView } from './layout/parts.js'
import { codePair } from './account/resynchronise.js'
import { common, newToken, setup } from './words/words.js'

export interface NewTokenView extends FormView {
  /** The number typed so far. */
  readonly serial?: string | undefined
  readonly next?: string | undefined
  /** The account must have a second step: there is no way around this page. */
  readonly required: boolean
  /** An authenticator app would do as well. */
  readonly offersApp: boolean
  readonly cancelHref?: string | undefined
}

/** Whoever has a hardware token in their hand adds it to their account. */
export const newTokenPage = (site: Site, view: NewTokenView): Html =>
  layout(site, {
    title: newToken.title,
    failed: failed(view),
    body: html`${errorSummary(view)}
      <h1>${newToken.title}</h1>
      <p class="lead">${view.required && html`${setup.why} `}${newToken.lead}</p>
      <form method="post" action="${site.base}/mfa/setup/token" autocomplete="off" novalidate>
        ${serialField(view, view.serial)} ${codePair(view)}
        ${nextField(view.next)}${actions({
          submit: newToken.submit,
          cancel: view.cancelHref === undefined ? undefined : { href: view.cancelHref, label: common.cancel },
        })}
      </form>
      ${view.offersApp && html`<p class="aside"><a href="${site.base}/mfa/setup">${newToken.insteadOfApp}</a></p>`}`,
  })

export const serialField = (view: FormView, typed: string | undefined): Html =>
  textField(view, {
    name: 'serial',
    label: newToken.serial,
    hint: newToken.serialHint,
    autocomplete: 'off',
    value: typed,
  })
