import type { AuditEventName, EventCount } from '../../core/audit/audit.js'
import { html, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import { selectField, textField, type FormView } from '../layout/parts.js'
import type { ActivityRow } from '../account/account.js'
import { activityList } from '../account/sections.js'
import { activityWords } from '../words/account.js'
import { trail as words } from '../words/admin.js'
import { plural } from '../words/words.js'
import { adminPage } from './frame.js'

export interface TrailView extends FormView {
  readonly activity: readonly ActivityRow[]
  readonly olderHref: string | undefined
  readonly asked: {
    readonly who: string
    readonly event: string
    readonly since: string
    readonly address: string
  }
  /** Not everything was looked at: older events may fit. */
  readonly isCutShort?: boolean
  /** What attackers tried in the last seven days. */
  readonly week: readonly EventCount[]
  /** How many people have no second step. */
  readonly withoutSecondFactor: number
}

export const trailPage = (site: Site, view: TrailView): Html =>
  adminPage(site, {
    title: words.title,
    section: 'activity',
    problems: view.problems,
    body: html`<p>${words.lead}</p>
      ${summary(site, view)} ${search(site, view)} ${activityList(view.activity)}
      ${view.isCutShort === true && html`<p class="hint">${words.cutShort}</p>`}
      ${view.olderHref !== undefined && html`<p class="links"><a href="${view.olderHref}">${words.older}</a></p>`}`,
  })

const summary = (site: Site, { week, withoutSecondFactor }: TrailView): Html | false =>
  (week.length > 0 || withoutSecondFactor > 0) &&
  html`<h2>${words.week}</h2>
    <dl class="facts">
      ${week.map((one) => count(site, one))}
      ${
        withoutSecondFactor > 0 &&
        html`<div>
          <dt>${words.withoutSecondStep}</dt>
          <dd>
            <a href="${site.base}/admin?state=no-second-factor"
              >${plural(withoutSecondFactor, 'person', 'people')}</a
            >
          </dd>
        </div>`
      }
    </dl>`

const count = (site: Site, { event, times, accounts, addresses }: EventCount): Html =>
  html`<div>
    <dt><a href="${`${site.base}/admin/activity?event=${event}&since=7d`}">${activityWords[event]}</a></dt>
    <dd>${words.counted(times, accounts, addresses)}</dd>
  </div>`

const search = (site: Site, view: TrailView): Html =>
  html`<form class="search" method="get" action="${site.base}/admin/activity" role="search" novalidate>
    ${textField(view, { name: 'who', label: words.who, hint: words.whoHint, autocomplete: 'off', value: view.asked.who })}
    ${selectField({ name: 'event', label: words.event, options: events(view.asked.event) })}
    ${textField(view, { name: 'since', label: words.since, hint: words.sinceHint, autocomplete: 'off', value: view.asked.since })}
    ${textField(view, { name: 'address', label: words.address, autocomplete: 'off', value: view.asked.address })}
    <div class="actions"><button type="submit">${words.find}</button></div>
  </form>`

const events = (chosen: string) => [
  { value: '', label: words.anyEvent, selected: chosen === '' },
  ...(Object.keys(activityWords) as AuditEventName[]).map((event) => ({
    value: event,
    label: activityWords[event],
    selected: event === chosen,
  })),
]
