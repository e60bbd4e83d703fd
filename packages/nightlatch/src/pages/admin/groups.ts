import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { actions, textField, uniqueNames, type FormView } from '../layout/parts.js'
import { rowLink } from '../account/sections.js'
import { acts, groupWords as words } from '../words/admin.js'
import { adminPage } from './frame.js'

interface GroupRow {
  readonly name: string
  readonly members: number
}

export interface GroupsView {
  readonly groups: readonly GroupRow[]
  readonly notice?: Notice | undefined
}

const query = (name: string): string => `?group=${encodeURIComponent(name)}`

export function groupsPage(site: Site, view: GroupsView): Html {
  const names = uniqueNames(view.groups.map(({ name }) => named(name)))
  return adminPage(site, {
    title: words.title,
    section: 'groups',
    notice: view.notice,
    body: html`<p>${words.lead}</p>
      ${
        view.groups.length === 0
          ? html`<p class="hint">${words.none}</p>`
          : html`<ul class="rows" role="list">
              ${view.groups.map((row, at) => group(site, row, names[at] ?? named(row.name)))}
            </ul>`
      }`,
  })
}

const group = (site: Site, { name, members }: GroupRow, unique: Html): Html =>
  html`<li>
    <div>
      <strong>${named(name)}</strong>
      <span class="hint"><a href="${site.base}/admin${query(name)}">${words.people(members)}</a></span>
    </div>
    <p class="row-actions">
      ${rowLink(`${site.base}/admin/groups/rename${query(name)}`, words.rename, unique)}
      ${rowLink(`${site.base}/admin/groups/remove${query(name)}`, words.remove, unique)}
    </p>
  </li>`

export interface GroupView extends FormView {
  readonly name: string
  readonly members: number
  readonly typed?: string | undefined
}

const hidden = (name: string): Html => html`<input type="hidden" name="group" value="${name}" />`

export const renameGroupPage = (site: Site, view: GroupView): Html =>
  adminPage(site, {
    title: words.renameTitle,
    heading: named(view.name),
    section: 'groups',
    problems: view.problems,
    body: html`<form method="post" action="${site.base}/admin/groups/rename" novalidate>
      ${hidden(view.name)}
      ${textField(view, { name: 'name', label: words.newName, hint: words.renameHint, autocomplete: 'off', value: view.typed ?? view.name })}
      ${actions({ submit: words.save, cancel: { href: `${site.base}/admin/groups`, label: acts.keep } })}
    </form>`,
  })

export const removeGroupPage = (site: Site, view: GroupView): Html =>
  adminPage(site, {
    title: words.removeTitle,
    heading: words.removeHeading(view.name),
    section: 'groups',
    body: html`<p>${words.removeEffect(view.members)}</p>
      <form method="post" action="${site.base}/admin/groups/remove" novalidate>
        ${hidden(view.name)}
        ${actions({ submit: words.removeSubmit, tone: 'danger', cancel: { href: `${site.base}/admin/groups`, label: acts.keep } })}
      </form>`,
  })
