import { html, named, type Html, type HtmlValue } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { actions, textField, type FormView } from '../layout/parts.js'
import { day, moment } from '../layout/time.js'
import type { FactorRow } from '../home.js'
import type { ActivityRow } from '../account/account.js'
import { activityList } from '../account/sections.js'
import { common } from '../words/words.js'
import { acts, actWords, admin, person as words, type Act } from '../words/admin.js'
import { codePair } from '../account/resynchronise.js'
import { serialField } from '../token.js'
import { deliveryChoice, type DeliveryView } from './delivery.js'
import { adminPage } from './frame.js'
import { badges, type PersonRow } from './people.js'

export interface PersonView {
  readonly row: PersonRow
  readonly createdAtSeconds: number
  readonly factors: readonly FactorRow[]
  readonly recoveryCodesLeft: number
  readonly sessions: number
  readonly trustedDevices: number
  readonly activity: readonly ActivityRow[]
  /** What may be done, in the order of its weight. */
  readonly acts: readonly Act[]
  /** The application keeps names, address and groups. */
  readonly keptElsewhere: boolean
  readonly notice?: Notice | undefined
}

const place = (site: Site, id: string): string => `${site.base}/admin/people/${encodeURIComponent(id)}`

export function personPage(site: Site, view: PersonView): Html {
  const { row } = view
  return adminPage(site, {
    title: words.details,
    heading: html`${named(row.username)}${badges(row)}`,
    section: 'people',
    notice: view.notice,
    body: html`<dl class="facts">
        ${fact(words.name, row.name === '' ? admin.none : named(row.name))}
        ${fact(words.email, row.email === '' ? admin.none : html`${named(row.email)}, ${row.emailVerified ? words.emailConfirmed : words.emailNotConfirmed}`)}
        ${fact(words.groups, groups(row))} ${fact(admin.secondStep.replace(':', ''), factors(view))}
        ${fact(words.sessions, where(view))} ${fact(words.created, day(view.createdAtSeconds))}
        ${fact(admin.lastSignIn, row.lastSignInAtSeconds === 0 ? words.never : moment(row.lastSignInAtSeconds))}
        ${row.endsAtSeconds !== null && fact(row.state === 'expired' ? admin.ended : admin.ends, moment(row.endsAtSeconds))}
      </dl>
      ${view.keptElsewhere && html`<p>${words.elsewhere}</p>`}
      <p class="links">
        <a class="button primary" href="${place(site, row.id)}/edit">${words.edit}</a>
      </p>
      <h2>${words.help}</h2>
      <ul class="links-list" role="list">
        ${view.acts.map((act) => html`<li><a href="${place(site, row.id)}/${act}">${actWords[act].link}</a></li>`)}
      </ul>
      <h2>${words.activity}</h2>
      ${activityList(view.activity)}`,
  })
}

const fact = (term: HtmlValue, value: HtmlValue): Html =>
  html`<div>
    <dt>${term}</dt>
    <dd>${value}</dd>
  </div>`

const groups = ({ groups: names }: PersonRow): HtmlValue =>
  names.length === 0 ? admin.none : names.map((name, at) => html`${at > 0 && ', '}${named(name)}`)

const factors = ({ factors: rows, recoveryCodesLeft }: PersonView): HtmlValue =>
  rows.length === 0
    ? admin.none
    : html`${rows.map(({ name }, at) => html`${at > 0 && ', '}${named(name)}`)},
      ${words.recoveryCodesLeft(recoveryCodesLeft)}`

const where = ({ sessions, trustedDevices }: PersonView): HtmlValue =>
  html`${sessions === 0 ? words.sessionsNone : words.sessionsCount(sessions)}${trustedDevices > 0 && words.trusted(trustedDevices)}`

export interface EditPersonView extends FormView {
  readonly id: string
  readonly username: string
  readonly typed: {
    readonly username: string
    readonly name: string
    readonly email: string
    readonly emailVerified: boolean
    readonly groups: string
    readonly admin: boolean
    readonly ends: string
  }
  readonly keptElsewhere: boolean
  /** By the address: ours after a fresh proof, or a link of somebody else's, who may wish for rights. */
  readonly isFilledIn?: boolean
}

type AddPersonView = FormView &
  Pick<EditPersonView, 'typed' | 'isFilledIn'> & { readonly delivery?: DeliveryView | undefined }

export const addPersonPage = (site: Site, view: AddPersonView): Html =>
  adminPage(site, {
    title: admin.add,
    section: 'people',
    problems: view.problems,
    body: html`<p>${admin.addLead}</p>
      <form method="post" action="${site.base}/admin/people/new" novalidate>
        ${view.isFilledIn === true && html`<p>${words.filledIn}</p>`} ${ownFields(view, null)}
        ${rightsFields(view)} ${deliveryChoice(view.delivery)}
        ${actions({ submit: admin.addSubmit, cancel: { href: `${site.base}/admin`, label: common.cancel } })}
      </form>`,
  })

export const editPersonPage = (site: Site, view: EditPersonView): Html =>
  adminPage(site, {
    title: words.edit,
    heading: named(view.username),
    section: 'people',
    problems: view.problems,
    body: html`<form method="post" action="${place(site, view.id)}/edit" novalidate>
      ${view.isFilledIn === true && html`<p>${words.filledIn}</p>`}
      ${!view.keptElsewhere && ownFields(view, words.usernameHint)} ${rightsFields(view)}
      ${actions({ submit: words.save, cancel: { href: place(site, view.id), label: acts.keep } })}
    </form>`,
  })

const rightsFields = (view: AddPersonView): Html =>
  html`<div class="check">
      <input id="admin" name="admin" type="checkbox" value="yes" ${view.typed.admin && html` checked`} />
      <label for="admin">${words.admin}</label>
    </div>
    ${textField(view, { name: 'ends', label: words.endsOn, hint: words.endsHint, autocomplete: 'off', value: view.typed.ends })}`

const ownFields = (view: AddPersonView, hint: string | null): Html =>
  html`${textField(view, { name: 'username', label: words.username, hint, autocomplete: 'off', value: view.typed.username })}
    ${textField(view, { name: 'name', label: words.name, autocomplete: 'off', value: view.typed.name })}
    ${textField(view, { name: 'email', label: words.email, autocomplete: 'off', value: view.typed.email })}
    <div class="check">
      <input
        id="email_verified"
        name="email_verified"
        type="checkbox"
        value="yes"
        ${view.typed.emailVerified && html` checked`}
      />
      <label for="email_verified">${words.emailVerified}</label>
    </div>
    ${textField(view, { name: 'groups', label: words.groups, hint: words.groupsHint, autocomplete: 'off', value: view.typed.groups })}`

export interface ActView extends FormView {
  readonly id: string
  readonly username: string
  readonly act: Act
  /** The number of a token, typed so far or the only one. */
  readonly serial?: string | undefined
  readonly delivery?: DeliveryView | undefined
}

/** Asks before something is done to somebody: what will happen, one button to do it, one link to leave it. */
export const actPage = (site: Site, view: ActView): Html => {
  const own = actWords[view.act]
  const isDanger = view.act === 'remove' || view.act === 'reset-mfa' || view.act === 'disable'
  return adminPage(site, {
    title: own.link,
    heading: own.heading(view.username),
    section: 'people',
    problems: view.problems,
    body: html`<p>${own.effect}</p>
      <form method="post" action="${place(site, view.id)}/${view.act}" autocomplete="off" novalidate>
        ${view.act === 'remove' && textField(view, { name: 'confirm_name', label: acts.typeName(view.username), autocomplete: 'off' })}
        ${isAboutToken(view) && serialField(view, view.serial)} ${view.act === 'give-token' && codePair(view)}
        ${deliveryChoice(view.delivery)}
        ${actions({ submit: own.submit, tone: isDanger ? 'danger' : undefined, cancel: { href: place(site, view.id), label: acts.keep } })}
      </form>`,
  })
}

const isAboutToken = ({ act }: ActView): boolean => act === 'give-token' || act === 'take-token'
