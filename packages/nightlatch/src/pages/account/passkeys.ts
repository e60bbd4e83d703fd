import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { uniqueNames } from '../layout/parts.js'
import { day } from '../layout/time.js'
import { account } from '../words/account.js'
import type { AccountView, PasskeyRow } from './account.js'
import { lastUsed, rowLink, section } from './sections.js'

/** Nothing where there are none and none can be made. */
export function passkeysSection(site: Site, { passkeys }: AccountView): Html | null {
  const { rows, most, offered, signal } = passkeys
  if (rows.length === 0 && !offered) return null
  const names = uniqueNames(rows.map(({ name }) => named(name)))
  const full = rows.length >= most
  return section(
    'passkeys',
    account.passkeys,
    html`${
      rows.length > 0
        ? html`<ul class="rows" role="list">
            ${rows.map((row, index) => passkey(site, row, names[index] ?? named(row.name)))}
          </ul>`
        : html`<p>${account.passkeysNone}</p>`
    }
    ${offered && html`<p class="links">${full ? account.atMost(most) : html`<a class="button" href="${site.base}/mfa/setup/passkey">${account.addPasskey}</a>`}</p>`}
    ${signal !== null && html`<div hidden data-passkey-signal="${JSON.stringify(signal)}"></div>`}`,
  )
}

const passkey = (site: Site, row: PasskeyRow, name: Html): Html => {
  const own = `${site.base}/account/passkeys/${encodeURIComponent(row.id)}`
  return html`<li>
    <div>
      <strong>${named(row.name)}</strong>
      <span class="hint">
        <span class="nb">${account.added} ${day(row.addedAtSeconds)}.</span>
        <span class="nb">${lastUsed(row)}</span>
        <span class="nb">${row.synced ? account.synced : account.thisDeviceOnly}.</span>
        ${!row.verifiesUser && html`${account.afterPassword}.`}
        ${row.elsewhere && html`<strong>${account.elsewhere}.</strong>`}
      </span>
    </div>
    <p class="row-actions">
      ${rowLink(`${own}/rename`, account.rename, name)} ${rowLink(`${own}/remove`, account.remove, name)}
    </p>
  </li>`
}
