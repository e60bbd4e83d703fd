import { html, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import type { ActivityRow } from '../account/account.js'
import { activityList } from '../account/sections.js'
import { trail } from '../words/admin.js'
import { adminPage } from './frame.js'

export interface TrailView {
  readonly activity: readonly ActivityRow[]
  readonly olderHref: string | undefined
}

export const trailPage = (site: Site, view: TrailView): Html =>
  adminPage(site, {
    title: trail.title,
    section: 'activity',
    body: html`<p>${trail.lead}</p>
      ${activityList(view.activity)}
      ${view.olderHref !== undefined && html`<p class="links"><a href="${view.olderHref}">${trail.older}</a></p>`}`,
  })
