import type { PersonState } from '../../core/accounts/people.js'
import type { WeekFigures } from '../../core/notify/weekly.js'
import { html, named, type Html } from '../layout/html.js'
import type { Site } from '../layout/layout.js'
import type { Notice } from '../layout/flash.js'
import { selectField, textField, type Option } from '../layout/parts.js'
import { day } from '../layout/time.js'
import { admin, badgeWords, stateWords, week as words } from '../words/admin.js'
import { adminPage } from './frame.js'

export interface PersonRow {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly groups: readonly string[]
  readonly admin: boolean
  readonly state: keyof typeof badgeWords
  readonly hasSecondFactor: boolean
  readonly lastSignInAtSeconds: number
  readonly endsAtSeconds: number | null
}

export interface PeopleView {
  readonly people: readonly PersonRow[]
  readonly search: string
  readonly state: PersonState | undefined
  readonly group: string
  readonly groups: readonly string[]
  /** The application keeps the accounts: nobody is invited here. */
  readonly keptElsewhere: boolean
  /** The page behind this one. */
  readonly moreHref: string | undefined
  /** Of the last seven days, where nothing in particular is looked for. */
  readonly week?: (WeekFigures & { readonly most: number }) | undefined
  /** How much the server finds about itself that is not in order. */
  readonly unsound?: number | undefined
  readonly notice?: Notice | undefined
}

export const peoplePage = (site: Site, view: PeopleView): Html =>
  adminPage(site, {
    title: admin.title,
    section: 'people',
    notice: view.notice,
    body: html`${!view.keptElsewhere && html`<p class="links"><a class="button primary" href="${site.base}/admin/people/new">${admin.add}</a></p>`}
      ${searchForm(site, view)}
      <p role="status" class="hint">${admin.found(view.people.length, view.moreHref !== undefined)}</p>
      <ul class="rows" role="list">
        ${view.people.map((row) => person(site, row))}
      </ul>
      ${view.moreHref !== undefined && html`<p class="links"><a class="button" href="${view.moreHref}">${admin.more}</a></p>`}
      ${view.week !== undefined && weekSection(site, view.week, view.unsound ?? 0)}`,
  })

/** The same figures as in the mail that comes once a week. */
function weekSection(site: Site, week: NonNullable<PeopleView['week']>, unsound: number): Html {
  const rows: readonly (readonly [string, number, string])[] = [
    [words.wrongPasswords, week.wrongPasswords, '/admin/activity?event=sign-in.password-refused&since=7d'],
    [words.wrongCodes, week.wrongCodes, '/admin/activity?event=code.refused&since=7d'],
    [words.resetsAsked, week.resetsAsked, '/admin/activity?event=password.reset-asked&since=7d'],
    [words.recoveryCodesUsed, week.recoveryCodesUsed, '/admin/activity?event=recovery-code.used&since=7d'],
    [words.newPeople, week.newPeople, '/admin/activity?since=7d'],
    [words.withoutSecondStep, week.withoutSecondFactor, '/admin?state=no-second-factor'],
    [words.unsound, unsound, '/admin/findings'],
  ]
  return html`<h2>${words.title}</h2>
    <dl class="facts">
      ${rows.map(
        ([label, count, path]) =>
          html`<div>
            <dt>${count > 0 ? html`<a href="${site.base + path}">${label}</a>` : label}</dt>
            <dd>${count > week.most ? words.moreThan(week.most) : count}</dd>
          </div>`,
      )}
    </dl>`
}

const searchForm = (site: Site, view: PeopleView): Html =>
  html`<form class="search" method="get" action="${site.base}/admin" role="search" novalidate>
    ${textField({}, { name: 'q', label: admin.search, hint: admin.searchHint, autocomplete: 'off', value: view.search })}
    ${selectField({ name: 'state', label: admin.state, options: states(view.state) })}
    ${
      view.groups.length > 0 &&
      selectField({
        name: 'group',
        label: admin.group,
        options: [
          { value: '', label: admin.anyGroup, selected: view.group === '' },
          ...view.groups.map((name) => ({ value: name, label: name, selected: name === view.group })),
        ],
      })
    }
    <div class="actions"><button type="submit">${admin.find}</button></div>
  </form>`

const states = (chosen: PersonState | undefined): readonly Option[] =>
  Object.entries(stateWords).map(([state, label]) => ({
    value: state === 'any' ? '' : state,
    label,
    selected: state === (chosen ?? 'any'),
  }))

const person = (site: Site, row: PersonRow): Html =>
  html`<li>
    <div>
      <strong><a href="${site.base}/admin/people/${row.id}">${named(row.username)}</a></strong
      >${badges(row)}
      <span class="hint">${facts(row)}</span>
    </div>
  </li>`

export function badges({ state, admin: isAdmin }: Pick<PersonRow, 'state' | 'admin'>): Html {
  const word = badgeWords[state]
  return html`${isAdmin && html` <span class="badge">${admin.administrator}</span>`}${word !== null && html` <span class="badge out">${word}</span>`}`
}

function facts(row: PersonRow): Html {
  const parts = [
    row.name !== '' && named(row.name),
    row.email !== '' && named(row.email),
    row.groups.length > 0 && html`${row.groups.map((name, at) => html`${at > 0 && ', '}${named(name)}`)}`,
    !row.hasSecondFactor && admin.noSecondStep,
    row.lastSignInAtSeconds === 0 ? admin.never : html`${admin.lastSignIn} ${day(row.lastSignInAtSeconds)}`,
  ].filter((part) => part !== false)
  return html`${parts.map((part, at) => html`${at > 0 && ' · '}${part}`)}`
}
