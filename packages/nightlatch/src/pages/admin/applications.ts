import type { SigningAlgorithm } from '../../core/applications/application.js'
import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import type { Notice } from '../layout/flash.js'
import type { Site } from '../layout/layout.js'
import { actions, selectField, textField, uniqueNames, type FormView } from '../layout/parts.js'
import { day, moment } from '../layout/time.js'
import { acts } from '../words/admin.js'
import { addAddress, application as words, list, made, remove, rotate } from '../words/admin-applications.js'
import { person } from '../words/admin.js'
import { adminPage } from './frame.js'

const place = (site: Site): string => `${site.base}/admin/applications`

/** Ids are chosen by people: they stand in the query, where every one can. */
type What = 'details' | 'edit' | 'rotate-secret' | 'remove'

export const applicationHref = (site: Site, what: What, id: string): string =>
  `${place(site)}/${what}?application=${encodeURIComponent(id)}`

interface ApplicationRow {
  readonly id: string
  readonly name: string
  readonly groups: readonly string[]
  readonly twoFactors: boolean
  readonly redirectUris: readonly string[]
}

export interface ApplicationsView {
  readonly applications: readonly ApplicationRow[]
  readonly notice?: Notice | undefined
}

export function applicationsPage(site: Site, view: ApplicationsView): Html {
  const names = uniqueNames(view.applications.map(({ name }) => named(name)))
  return adminPage(site, {
    title: list.title,
    section: 'applications',
    notice: view.notice,
    body: html`<p>${list.lead}</p>
      <p class="links"><a class="button primary" href="${place(site)}/new">${list.add}</a></p>
      ${
        view.applications.length === 0
          ? html`<p class="hint">${list.none}</p>`
          : html`<ul class="rows" role="list">
              ${view.applications.map((row, at) => applicationRow(site, row, names[at] ?? named(row.name)))}
            </ul>`
      }`,
  })
}

const applicationRow = (site: Site, row: ApplicationRow, unique: Html): Html =>
  html`<li>
    <div>
      <strong><a href="${applicationHref(site, 'details', row.id)}">${unique}</a></strong>
      <span class="hint">${code(row.id)}</span>
      <span class="hint"
        >${row.groups.length === 0 ? list.everybody : list.groups(row.groups)}${row.twoFactors && html`, ${list.twoFactors}`}</span
      >
      ${row.redirectUris.map((uri) => html`<span class="hint">${code(uri)}</span>`)}
    </div>
  </li>`

const code = (text: string): Html => html`<code class="address" dir="ltr" translate="no">${text}</code>`

/** What is pasted into it. */
interface Pasted {
  readonly id: string
  readonly issuer: string
  readonly discovery: string
}

export interface ApplicationView extends ApplicationRow, Pasted {
  readonly isPublic: boolean
  readonly allowsDevice: boolean
  readonly postLogoutUris: readonly string[]
  readonly backchannelLogoutUri: string
  readonly launchUrl: string
  readonly skipConsent: boolean
  readonly signingAlgorithm: SigningAlgorithm
  /** Those that work now, the newest first; null: until it is rotated. */
  readonly secrets: readonly { readonly sinceSeconds: number; readonly untilSeconds: number | null }[]
  readonly createdAtSeconds: number
  readonly notice?: Notice | undefined
}

export const applicationPage = (site: Site, view: ApplicationView): Html =>
  adminPage(site, {
    title: words.title,
    heading: named(view.name),
    section: 'applications',
    notice: view.notice,
    body: html`<dl class="facts">
        ${pasted(view)} ${fact(words.secret, view.isPublic ? words.noSecret : secrets(view))}
        ${fact(words.who, view.groups.length === 0 ? words.everybody : view.groups.map((name, at) => html`${at > 0 && ', '}${named(name)}`))}
        ${fact(words.strength, view.twoFactors ? words.twoFactors : words.oneFactor)}
        ${fact(words.consent, view.skipConsent ? words.skipped : words.asked)}
        ${fact(words.redirects, addresses(view.redirectUris))}
        ${fact(words.postLogout, addresses(view.postLogoutUris))}
        ${fact(words.backchannel, addresses([view.backchannelLogoutUri]))}
        ${fact(words.launch, addresses([view.launchUrl]))}
        ${fact(words.device, view.allowsDevice ? words.deviceOn : words.deviceOff)}
        ${fact(words.signing, view.signingAlgorithm)} ${fact(words.added, day(view.createdAtSeconds))}
      </dl>
      <p class="links">
        <a class="button primary" href="${applicationHref(site, 'edit', view.id)}">${words.edit}</a>
      </p>
      <ul class="links-list" role="list">
        ${!view.isPublic && html`<li><a href="${applicationHref(site, 'rotate-secret', view.id)}">${words.rotate}</a></li>`}
        <li><a href="${applicationHref(site, 'remove', view.id)}">${words.remove}</a></li>
      </ul>`,
  })

const fact = (term: HtmlValue, value: HtmlValue): Html =>
  html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`

const pasted = ({ id, issuer, discovery }: Pasted): Html =>
  html`${fact(words.id, code(id))} ${fact(words.issuer, code(issuer))}
  ${fact(words.discovery, code(discovery))}`

function addresses(uris: readonly string[]): HtmlValue {
  const given = uris.filter((uri) => uri !== '')
  return given.length === 0 ? words.none : given.map((uri, at) => html`${at > 0 && html`<br />`}${code(uri)}`)
}

function secrets({ secrets: [newest, before] }: ApplicationView): HtmlValue {
  if (newest === undefined) return words.none
  if (before === undefined) return html`${words.oneSecret} ${day(newest.sinceSeconds)}`
  const end = before.untilSeconds !== null && html`, ${words.until} ${moment(before.untilSeconds)}`
  return html`${words.twoSecrets} ${day(newest.sinceSeconds)}<br />${words.before}
    ${day(before.sinceSeconds)}${end}`
}

export interface MadeSecretView extends Pasted {
  readonly name: string
  readonly why: 'added' | 'rotated'
  /** null: it keeps none. */
  readonly secret: string | null
}

/** Shown on the answer to the form alone, and nowhere again. */
export const madeSecretPage = (site: Site, view: MadeSecretView): Html =>
  adminPage(site, {
    title: view.why === 'added' ? made.addedTitle : made.rotatedTitle,
    heading: named(view.name),
    section: 'applications',
    body: html`<p>${view.secret === null ? made.leadPublic : made.lead}</p>
      ${
        view.secret !== null &&
        html`<h2>${words.secret}</h2>
          <p><code class="handed" dir="ltr" translate="no">${view.secret}</code></p>`
      }
      <dl class="facts">${pasted(view)}</dl>
      <p class="links">
        <a class="button" href="${applicationHref(site, 'details', view.id)}">${made.back}</a>
      </p>`,
  })

interface AboutApplication extends FormView {
  readonly id: string
  readonly name: string
}

/** How many days the old secret may go on working. */
export const keptDays = [0, 1, 7, 30] as const

interface RotateSecretView extends AboutApplication {
  readonly days: number
  readonly isFilledIn?: boolean
}

export const rotateSecretPage = (site: Site, view: RotateSecretView): Html =>
  adminPage(site, {
    title: rotate.title,
    heading: rotate.heading(view.name),
    section: 'applications',
    body: html`<p>${rotate.effect}</p>
      <form method="post" action="${applicationHref(site, 'rotate-secret', view.id)}" novalidate>
        ${view.isFilledIn === true && html`<p>${person.filledIn}</p>`}
        ${selectField({
          name: 'keep_days',
          label: rotate.keep,
          options: keptDays.map((days) => ({
            value: String(days),
            label: rotate.kept[days],
            selected: days === view.days,
          })),
        })}
        ${actions({ submit: rotate.submit, cancel: { href: applicationHref(site, 'details', view.id), label: acts.keep } })}
      </form>`,
  })

export const removeApplicationPage = (site: Site, view: AboutApplication): Html =>
  adminPage(site, {
    title: remove.title,
    heading: remove.heading(view.name),
    section: 'applications',
    problems: view.problems,
    body: html`<p>${remove.effect}</p>
      <form method="post" action="${applicationHref(site, 'remove', view.id)}" autocomplete="off" novalidate>
        ${textField(view, { name: 'confirm_name', label: acts.typeName(view.name), autocomplete: 'off' })}
        ${actions({ submit: remove.submit, tone: 'danger', cancel: { href: applicationHref(site, 'details', view.id), label: acts.keep } })}
      </form>`,
  })

export interface AddAddressView {
  readonly application: string
  readonly name: string
  readonly address: string
}

export const addAddressPage = (site: Site, view: AddAddressView): Html =>
  adminPage(site, {
    title: addAddress.title,
    heading: addAddress.heading(view.name),
    section: 'applications',
    body: html`<p>${addAddress.lead}</p>
      <p>${code(view.address)}</p>
      <form method="post" action="${place(site)}/address" novalidate>
        <input type="hidden" name="application" value="${view.application}" />
        <input type="hidden" name="address" value="${view.address}" />
        ${actions({ submit: addAddress.submit, cancel: { href: applicationHref(site, 'details', view.application), label: addAddress.keep } })}
      </form>`,
  })
