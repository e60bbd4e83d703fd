import type { Account } from '../../../core/accounts/account.js'
import { accountState } from '../../../core/accounts/account.js'
import { groupNames } from '../../../core/accounts/group-changes.js'
import { listPeople, personStates } from '../../../core/accounts/people.js'
import { hasSecondFactor } from '../../../core/factors/factor.js'
import { weekAtAGlance } from '../../../core/notify/weekly.js'
import type { PeopleView, PersonRow } from '../../../pages/index.js'
import { peoplePage } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { takeNotice } from '../../guards.js'
import { page } from '../../response.js'
import { forAdministrators } from './guard.js'

const atOnce = 50

/** `keptElsewhere`: nobody has a password here, and nobody is invited. */
export const personRow = (account: Account, now: number, keptElsewhere: boolean): PersonRow => {
  const state = accountState(account, now)
  return {
    id: account.id,
    username: account.username,
    name: account.name,
    email: account.email,
    emailVerified: account.emailVerified,
    groups: account.groups,
    admin: account.admin,
    state: keptElsewhere && state === 'invited' ? 'active' : state,
    hasSecondFactor: hasSecondFactor(account),
    lastSignInAtSeconds: account.lastSignInAt,
    endsAtSeconds: account.endsAt,
  }
}

/** Nothing in particular is looked for: how it looks altogether, too. */
async function weekAndHealth({ services }: SignedInContext): Promise<Pick<PeopleView, 'week' | 'unsound'>> {
  const [week, found] = await Promise.all([weekAtAGlance(services.core), services.findings()])
  return { week, unsound: found.filter(({ state }) => state !== 'ok').length }
}

export const getPeople: Handler = forAdministrators(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const { core, site } = context.services
  const asked = (name: string): string => (context.query.get(name) ?? '').trim()
  const state = personStates.find((one) => one === asked('state'))
  const [search, group, after] = [asked('q'), asked('group'), asked('after')]
  const groups = await groupNames(core)
  const { people, next } = await listPeople(core, {
    search,
    state,
    ...(group === '' ? {} : { group }),
    ...(after === '' ? {} : { after }),
    limit: atOnce,
  })
  const kept = { q: search, state: state ?? '', group, after: next ?? '' }
  const query = Object.entries(kept).flatMap(([name, text]) =>
    text === '' ? [] : [`${name}=${encodeURIComponent(text)}`],
  )
  const elsewhere = core.applicationAccounts !== null
  const view = {
    people: people.map((account) => personRow(account, nowOf(context), elsewhere)),
    ...{ search, state, group, groups, notice, keptElsewhere: elsewhere },
    ...(context.query.size === 0 && (await weekAndHealth(context))),
    moreHref: next === null ? undefined : `${site.base}/admin?${query.join('&')}`,
  }
  return page(peoplePage(siteOf(context, context.signedIn), view), { cookies })
})
