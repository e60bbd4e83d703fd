import { html, named, type Html } from '../layout/html.js'
import { layout, type Site } from '../layout/layout.js'
import { actions, uniqueNames } from '../layout/parts.js'
import { day, moment } from '../layout/time.js'
import { account } from '../words/account.js'
import { access } from '../words/applications.js'
import type { ApplicationAccessRow } from './account.js'
import { rowLink, section } from './sections.js'

export function applicationsSection(site: Site, rows: readonly ApplicationAccessRow[]): Html {
  const names = uniqueNames(rows.map(({ name }) => named(name)))
  return section(
    'applications',
    access.title,
    html`<p>${access.lead}</p>
      <ul class="rows" role="list">
        ${rows.map((row, index) => application(site, row, names[index] ?? named(row.name)))}
      </ul>`,
  )
}

const application = (site: Site, row: ApplicationAccessRow, name: Html): Html =>
  html`<li>
    <div>
      <strong>${named(row.name)}</strong>
      <span class="hint">
        <span class="nb">${access.since} ${day(row.sinceSeconds)}.</span>
        <span class="nb">${account.lastUsed} ${moment(row.lastUsedAtSeconds)}.</span>
      </span>
    </div>
    <p class="row-actions">
      ${rowLink(`${site.base}/account/applications/withdraw?application=${encodeURIComponent(row.id)}`, access.withdraw, name)}
    </p>
  </li>`

export interface WithdrawView {
  readonly id: string
  readonly name: string
}

export const withdrawPage = (site: Site, { id, name }: WithdrawView): Html =>
  layout(site, {
    title: access.withdrawTitle,
    body: html`<h1>${access.withdrawHeading(name)}</h1>
      <p>${access.withdrawEffect}</p>
      <form method="post" action="${site.base}/account/applications/withdraw" novalidate>
        <input type="hidden" name="application" value="${id}" />
        ${actions({ submit: access.withdraw, tone: 'danger', cancel: { href: `${site.base}/account`, label: access.keep } })}
      </form>`,
  })
