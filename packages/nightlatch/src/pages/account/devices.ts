import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { uniqueNames } from '../layout/parts.js'
import { day, moment } from '../layout/time.js'
import { email } from '../words/mail.js'
import { account, factorsText } from '../words/account.js'
import type { AccountView, SessionRow, TrustedDeviceRow } from './account.js'
import { from, rowLink, section } from './sections.js'

const badge: Html = html` <span class="badge">${account.thisDevice}</span>`

export function trustedSection(site: Site, view: AccountView): Html {
  const names = uniqueNames(view.trustedDevices.map(({ device }) => named(device)))
  const rows = view.trustedDevices.map((row, index) => trusted(site, row, names[index] ?? named(row.device)))
  return section(
    'trusted-devices',
    account.trusted,
    rows.length === 0
      ? html`<p>${account.trustedNone}</p>`
      : html`<p>${account.trustedLead}</p>
          <ul class="rows" role="list">
            ${rows}
          </ul>`,
  )
}

const trusted = (site: Site, row: TrustedDeviceRow, name: Html): Html => {
  const href = `${site.base}/account/trusted-devices/${encodeURIComponent(row.id)}/end`
  return html`<li>
    <div>
      <strong>${named(row.device)}</strong>
      <span class="hint">
        <span class="nb">${account.added} ${day(row.addedAtSeconds)}.</span>
        <span class="nb">${account.trustedUntil} ${day(row.untilSeconds)}.</span>
      </span>
    </div>
    <p class="row-actions">${rowLink(href, account.trustedEnd, name)}</p>
  </li>`
}

export const passwordSection = (site: Site): Html =>
  section(
    'password',
    account.password,
    html`<p class="links">
      <a class="button" href="${site.base}/account/password">${account.changePassword}</a>
    </p>`,
  )

export const emailSection = (site: Site, address: string): Html =>
  section(
    'email',
    email.section,
    html`<p>${address === '' ? email.none : named(address)}</p>
      <p class="links">
        <a class="button" href="${site.base}/account/email">${email.change}</a>
      </p>`,
  )

export function sessionsSection(site: Site, view: AccountView): Html {
  const names = uniqueNames(
    view.sessions.map(
      ({ device, lastActiveAtSeconds }) =>
        html`${named(device)}, ${account.active} ${moment(lastActiveAtSeconds)}`,
    ),
  )
  const others = view.sessions.some(({ current }) => !current)
  return section(
    'sessions',
    account.sessions,
    html`${sessionRows(view.sessions.map((row, index) => session(site, row, names[index] ?? named(row.device))))}
    ${others && html`<p class="links"><a class="button" href="${site.base}/account/sessions/end-others">${account.endOthers}</a></p>`}`,
  )
}

/** The others are a press away: a list that nobody reads to its end hides what is not one's own. */
const sessionsAtOnce = 5

const sessionRows = (rows: readonly Html[]): Html =>
  html`${list(rows.slice(0, sessionsAtOnce))}
  ${
    rows.length > sessionsAtOnce &&
    html`<details class="more">
      <summary>${account.moreSessions(rows.length - sessionsAtOnce)}</summary>
      ${list(rows.slice(sessionsAtOnce))}
    </details>`
  }`

const list = (rows: readonly Html[]): Html =>
  html`<ul class="rows" role="list">
    ${rows}
  </ul>`

const session = (site: Site, row: SessionRow, name: Html): Html => {
  const href = `${site.base}/account/sessions/${encodeURIComponent(row.id)}/end`
  return html`<li>
    <div>
      <strong>${named(row.device)}</strong>${row.current && badge}
      ${!row.current && html`<span class="hint">${account.lastActive} ${moment(row.lastActiveAtSeconds)}${from(row.address)}</span>`}
      <span class="hint"
        >${account.signedIn}
        ${moment(row.signedInAtSeconds)}${row.current && from(row.address)}${how(row)}</span
      >
    </div>
    ${!row.current && html`<p class="row-actions">${rowLink(href, account.endSession, name)}</p>`}
  </li>`
}

const how = ({ factors }: SessionRow): Html | null =>
  factors === undefined ? null : html`, ${account.with} ${factorsText(factors)}`
