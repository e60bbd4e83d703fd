import type { Finding } from '../../core/maintenance/finding.js'
import { html, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { findings as words } from '../words/admin.js'
import { mailTrial } from '../words/mail.js'
import { adminPage } from './frame.js'

interface FindingsView {
  readonly findings: readonly Finding[]
}

/** What is wrong stands first. */
const order = ['fail', 'warn', 'ok'] as const

export const findingsPage = (site: Site, { findings }: FindingsView): Html =>
  adminPage(site, {
    title: words.title,
    section: 'findings',
    body: html`<p>${words.lead} <code dir="ltr" translate="no">${words.command}</code>.</p>
      <ul class="rows" role="list">
        ${order.flatMap((state) => findings.filter((one) => one.state === state)).map(finding)}
      </ul>
      <p class="links"><a class="button" href="${site.base}/admin/mail">${mailTrial.link}</a></p>`,
  })

const finding = ({ check, state, text, fix }: Finding): Html =>
  html`<li>
    <div>
      <strong>${words.checks[check] ?? check}</strong>
      <span class="badge${state !== 'ok' && ' out'}">${words.states[state]}</span>
      <span class="hint" dir="auto">${text}</span>
      ${fix !== undefined && html`<span class="hint">${words.fix} ${fix}</span>`}
    </div>
  </li>`
