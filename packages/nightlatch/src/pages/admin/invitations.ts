import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { actions, textField, uniqueNames, type FormView } from '../layout/parts.js'
import { moment } from '../layout/time.js'
import { rowLink } from '../account/sections.js'
import { acts } from '../words/admin.js'
import { invitations as words } from '../words/registration.js'
import { common } from '../words/words.js'
import { adminPage } from './frame.js'

export interface InvitationRow {
  readonly id: string
  /** '' for whoever has the link. */
  readonly email: string
  readonly domain: string
  readonly groups: readonly string[]
  readonly used: number
  readonly uses: number
  readonly state: keyof typeof words.state
  readonly expiresAtSeconds: number
  /** Who made it, where that is an account that is still there. */
  readonly by?: string | undefined
}

interface InvitationsView {
  readonly invitations: readonly InvitationRow[]
  /** False: links lead nowhere just now. */
  readonly isOn: boolean
  readonly moreHref: string | undefined
  readonly notice?: Notice | undefined
}

const place = (site: Site): string => `${site.base}/admin/invitations`

export function invitationsPage(site: Site, view: InvitationsView): Html {
  const names = uniqueNames(view.invitations.map(whom))
  return adminPage(site, {
    title: words.title,
    section: 'invitations',
    notice: view.notice,
    body: html`<p>${words.lead}</p>
      ${!view.isOn && html`<p class="warn">${words.off}</p>`}
      <p class="links"><a class="button primary" href="${place(site)}/new">${words.add}</a></p>
      ${
        view.invitations.length === 0
          ? html`<p class="hint">${words.none}</p>`
          : html`<ul class="rows" role="list">
              ${view.invitations.map((row, at) => invitation(site, row, names[at] ?? whom(row)))}
            </ul>`
      }
      ${view.moreHref !== undefined && html`<p class="links"><a class="button" href="${view.moreHref}">${words.more}</a></p>`}`,
  })
}

function whom({ email, domain }: Pick<InvitationRow, 'email' | 'domain'>): Html {
  if (email !== '') return named(email)
  return domain === '' ? html`${words.forAnybody}` : html`@${named(domain)}`
}

const invitation = (site: Site, row: InvitationRow, unique: Html): Html =>
  html`<li>
    <div>
      <strong>${whom(row)}</strong
      >${words.state[row.state] !== null && html` <span class="badge out">${words.state[row.state]}</span>`}
      <span class="hint">${facts(row)}</span>
    </div>
    ${row.state === 'open' && html`<p class="row-actions">${rowLink(`${place(site)}/${row.id}/withdraw`, words.withdraw, unique)}</p>`}
  </li>`

function facts(row: InvitationRow): Html {
  const parts = [
    words.used(row.used, row.uses),
    row.groups.length > 0 && html`${row.groups.map((name, at) => html`${at > 0 && ', '}${named(name)}`)}`,
    html`${words.until} ${moment(row.expiresAtSeconds)}`,
    row.by !== undefined && html`${words.by} ${named(row.by)}`,
  ].filter((part) => part !== false)
  return html`${parts.map((part, at) => html`${at > 0 && ' · '}${part}`)}`
}

export interface AddInvitationView extends FormView {
  readonly typed: {
    readonly groups: string
    readonly uses: string
    readonly ends: string
    readonly domain: string
    readonly mail: string
  }
  /** Without a mail server nothing is sent and no address is confirmed. */
  readonly sendsMail: boolean
}

export const addInvitationPage = (site: Site, view: AddInvitationView): Html =>
  adminPage(site, {
    title: words.addTitle,
    section: 'invitations',
    problems: view.problems,
    body: html`<p>${words.lead}</p>
      <form method="post" action="${place(site)}/new" novalidate>
        ${textField(view, { name: 'groups', label: words.groups, hint: words.groupsHint, autocomplete: 'off', value: view.typed.groups })}
        ${textField(view, { name: 'uses', label: words.uses, hint: words.usesHint, autocomplete: 'off', value: view.typed.uses })}
        ${textField(view, { name: 'ends', label: words.ends, hint: words.endsHint, autocomplete: 'off', value: view.typed.ends })}
        ${
          view.sendsMail &&
          html`${textField(view, { name: 'domain', label: words.domain, hint: words.domainHint, autocomplete: 'off', value: view.typed.domain })}
          ${textField(view, { name: 'mail', label: words.mail, hint: words.mailHint, autocomplete: 'off', value: view.typed.mail })}`
        }
        ${actions({ submit: words.submit, cancel: { href: place(site), label: common.cancel } })}
      </form>`,
  })

interface MadeInvitationView {
  readonly links: readonly { readonly email: string; readonly url: string; readonly isMailed: boolean }[]
  readonly untilSeconds: number
}

/** Shown on the answer to the form alone, and nowhere again. */
export const madeInvitationPage = (site: Site, view: MadeInvitationView): Html =>
  adminPage(site, {
    title: words.linkTitle,
    section: 'invitations',
    body: html`<p>${view.links.some(({ email }) => email !== '') ? words.linkSent : words.linkLead}</p>
      ${view.links.map(
        ({ email, url, isMailed }) =>
          html`${email !== '' && html`<p class="who">${named(email)}</p>`}
            ${email !== '' && !isMailed && html`<p class="warn">${words.full}</p>`}
            <p><code class="handed" dir="ltr" translate="no">${url}</code></p>`,
      )}
      <p class="hint">${words.until} ${moment(view.untilSeconds)}.</p>
      <p class="links"><a class="button" href="${place(site)}">${words.back}</a></p>`,
  })

export const withdrawInvitationPage = (site: Site, row: InvitationRow): Html =>
  adminPage(site, {
    title: words.withdrawTitle,
    heading: words.withdrawHeading,
    section: 'invitations',
    body: html`<p><strong>${whom(row)}</strong> <span class="hint">${facts(row)}</span></p>
      <p>${words.withdrawEffect}</p>
      <form method="post" action="${place(site)}/${row.id}/withdraw" novalidate>
        ${actions({ submit: words.withdrawSubmit, tone: 'danger', cancel: { href: place(site), label: acts.keep } })}
      </form>`,
  })
