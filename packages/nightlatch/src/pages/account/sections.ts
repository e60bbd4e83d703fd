import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { uniqueNames } from '../layout/parts.js'
import { day, moment } from '../layout/time.js'
import { account, activityWords, factorsText, fewRecoveryCodes, weightyEvents } from '../words/account.js'
import type { AccountView, ActivityRow, AuthenticatorRow } from './account.js'

/** A section with a stable id, so that other pages may point at it. */
export const section = (id: string, title: string, body: HtmlValue): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${body}
  </section>`

/** The visible word is short; what it acts on is there for those who hear it out of its row. */
export const rowLink = (href: string, word: string, about: Html): Html =>
  html`<a href="${href}">${word}<span class="vh"> ${about}</span></a>`

export function authenticatorsSection(site: Site, view: AccountView): Html {
  const names = uniqueNames(view.authenticators.map(({ name }) => named(name)))
  const full = view.authenticators.length >= view.mostAuthenticators
  const rows = view.authenticators.map((row, index) =>
    authenticator(site, row, names[index] ?? named(row.name)),
  )
  return section(
    'authenticators',
    account.authenticators,
    html`${
        rows.length > 0 &&
        html`<ul class="rows" role="list">
          ${rows}
        </ul>`
      }
      <p class="links">
        ${full ? account.atMost(view.mostAuthenticators) : html`<a class="button" href="${site.base}/mfa/setup">${account.add}</a>`}
        ${!full && view.offersTokens && html`<a href="${site.base}/mfa/setup/token">${account.addToken}</a>`}
        ${rows.length > 0 && html`<a href="${site.base}/account/change-phone">${account.changePhone}</a>`}
      </p>`,
  )
}

const authenticator = (site: Site, row: AuthenticatorRow, name: Html): Html => {
  const own = `${site.base}/account/authenticators/${encodeURIComponent(row.id)}`
  return html`<li>
    <div>
      <strong>${named(row.name)}</strong>
      <span class="hint">
        <span class="nb">${account.added} ${day(row.addedAtSeconds)}.</span>
        <span class="nb">${lastUsed(row)}</span
        >${row.issuer !== undefined && html`. ${account.issuer(row.issuer)}`}
        ${row.driftSeconds !== undefined && row.driftSeconds !== 0 && html`<span class="nb">${account.drift(row.driftSeconds)}</span>`}
      </span>
    </div>
    <p class="row-actions">
      ${rowLink(`${own}/rename`, account.rename, name)}
      ${rowLink(`${own}/resynchronise`, account.refused, name)}
      ${rowLink(`${own}/remove`, account.remove, name)}
    </p>
  </li>`
}

export const lastUsed = ({ lastUsedAtSeconds }: Pick<AuthenticatorRow, 'lastUsedAtSeconds'>): Html =>
  lastUsedAtSeconds === undefined
    ? html`${account.neverUsed}`
    : html`${account.lastUsed} ${moment(lastUsedAtSeconds)}.`

export function codesSection(site: Site, view: AccountView): Html {
  const { left, total } = view.recoveryCodes
  const few = left <= fewRecoveryCodes
  return section(
    'recovery-codes',
    account.codes,
    html`<p><strong>${account.codesLeft(left, total)}</strong></p>
      ${few && html`<p class="warn">${left === 0 ? account.codesNone : account.fewCodes}</p>`}
      <p class="links">
        <a class="button${few && ' primary'}" href="${site.base}/account/recovery-codes/renew"
          >${account.renew}</a
        >
      </p>`,
  )
}

export const activitySection = (view: AccountView): Html =>
  section(
    'activity',
    account.activity,
    html`<p>${account.activityLead}</p>
      ${activityList(view.activity)}
      ${view.olderHref !== undefined && html`<p class="links"><a href="${view.olderHref}">${account.older}</a></p>`}`,
  )

export const activityList = (rows: readonly ActivityRow[]): Html =>
  rows.length === 0
    ? html`<p class="hint">${account.activityNone}</p>`
    : html`<ol class="rows" role="list">
        ${rows.map(event)}
      </ol>`

const event = (row: ActivityRow): Html =>
  html`<li>
    <div>${sentence(row)} ${place(row)}</div>
    <p class="when hint">${moment(row.atSeconds)}</p>
  </li>`

function sentence(row: ActivityRow): Html {
  const words = html`${row.who !== undefined && html`${named(row.who)}: `}${activityWords[row.event]}${often(row)}${proof(row)}${row.about !== undefined && html`: ${named(row.about)}`}${row.by !== undefined && html`, ${account.by} ${named(row.by)}`}`
  return weightyEvents.has(row.event) ? html`<strong>${words}</strong>` : words
}

const often = ({ times = 1 }: ActivityRow): Html | null =>
  times === 1 ? null : html` (${account.times(times)})`

const proof = ({ factors }: ActivityRow): Html | null =>
  factors === undefined ? null : html` ${account.with} ${factorsText(factors)}`

/** Whoever guesses from many addresses is no one place: the newest one alone would look like the only one. */
function place({ device, address, places = 1 }: ActivityRow): Html | null {
  if (places > 1)
    return html`<span class="hint"
      >${account.fromPlaces(places)}${address !== undefined && html`, ${account.lastFrom} ${named(address)}`}</span
    >`
  const parts = [device !== undefined && named(device), address !== undefined && fromAddress(address)]
  const known = parts.filter((part) => part !== false)
  return known.length === 0
    ? null
    : html`<span class="hint">${known.map((part, index) => html`${index > 0 && ', '}${part}`)}</span>`
}

const fromAddress = (address: string): Html => html`${account.from} ${named(address)}`

/** ", from 192.0.2.7" */
export const from = (address: string | undefined): Html | null =>
  address === undefined ? null : html`, ${fromAddress(address)}`
