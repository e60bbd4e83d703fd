import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { moment } from '../layout/time.js'
import { acts, delivery as words } from '../words/admin.js'
import { adminPage } from './frame.js'

/** How somebody gets the link that was made for them. */
export const deliveries = ['mail', 'hand'] as const
export type Delivery = (typeof deliveries)[number]

/** What the form asks; missing where nothing can be mailed. */
export interface DeliveryView {
  readonly chosen: Delivery
  /** Where it would go to; missing where the address stands in the same form. */
  readonly to?: string | undefined
}

export const deliveryChoice = (view: DeliveryView | undefined): Html | null =>
  view === undefined
    ? null
    : html`<fieldset>
        <legend>${words.legend}</legend>
        ${deliveries.map(
          (one) =>
            html`<div class="check">
              <input
                id="delivery-${one}"
                name="delivery"
                type="radio"
                value="${one}"
                ${one === view.chosen && html` checked`}
              />
              <label for="delivery-${one}">${one === 'hand' ? words.hand : words.mail(view.to)}</label>
            </div>`,
        )}
      </fieldset>`

export interface HandedOverView {
  readonly id: string
  readonly username: string
  readonly kind: 'link' | 'code'
  readonly text: string
  readonly untilSeconds: number
  /** Where a mail with a link of its own is on its way to; null: it was to be, and too many wait. */
  readonly mailedTo?: string | null | undefined
}

/** What an administrator hands on: shown on the answer to the form alone, and nowhere again. */
export const handedOverPage = (site: Site, view: HandedOverView): Html =>
  adminPage(site, {
    title: view.kind === 'link' ? acts.linkTitle : acts.codeTitle,
    section: 'people',
    body: html`${mailed(view)}
      <p>${handed(view)}</p>
      <p><code class="handed" dir="ltr" translate="no">${view.text}</code></p>
      <p class="hint">${acts.until} ${moment(view.untilSeconds)}.</p>
      <p class="links">
        <a class="button" href="${site.base}/admin/people/${encodeURIComponent(view.id)}">${acts.back}</a>
      </p>`,
  })

function mailed({ mailedTo }: HandedOverView): Html | null {
  if (mailedTo === undefined) return null
  return mailedTo === null
    ? html`<p class="warn">${words.full}</p>`
    : html`<p>${words.sent(named(mailedTo))}</p>`
}

function handed({ kind, username, mailedTo }: HandedOverView): Html {
  if (kind === 'code') return acts.codeLead(username)
  return typeof mailedTo === 'string' ? words.alsoHere(username) : acts.linkLead(username)
}
