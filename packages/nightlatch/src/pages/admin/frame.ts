import { html, type Html, type HtmlValue } from '../layout/html.js'
import { layout, type Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { errorSummary, failed, noticeBox, type FormView } from '../layout/parts.js'
import { admin } from '../words/admin.js'

const sections = ['people', 'groups', 'applications', 'invitations', 'rules', 'activity', 'findings'] as const
type AdminSection = (typeof sections)[number]

interface AdminPage extends FormView {
  readonly title: string
  readonly heading?: HtmlValue
  readonly section: AdminSection
  readonly notice?: Notice | undefined
  readonly body: HtmlValue
}

const paths: Readonly<Record<AdminSection, string>> = {
  people: '/admin',
  groups: '/admin/groups',
  invitations: '/admin/invitations',
  rules: '/admin/rules',
  applications: '/admin/applications',
  activity: '/admin/activity',
  findings: '/admin/findings',
}

/** What the pages of the administration have in common: where one is, and the ways to the others. */
export const adminPage = (site: Site, view: AdminPage): Html =>
  layout(site, {
    title: view.title,
    failed: failed(view),
    width: 'wide',
    body: html`${noticeBox(view.notice, site.base)} ${errorSummary(view)}
      <nav class="sections" aria-label="${admin.nav}">
        <ul role="list">
          ${sections.map(
            (one) =>
              html`<li>
                <a href="${site.base}${paths[one]}" ${one === view.section && html` aria-current="page"`}
                  >${admin[one]}</a
                >
              </li>`,
          )}
          <li><a href="${site.base}/">${admin.home}</a></li>
        </ul>
      </nav>
      <h1>${view.heading ?? view.title}</h1>
      ${view.body}`,
  })
