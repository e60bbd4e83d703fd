import { findAccount } from '../../../core/accounts/administration.js'
import { parseEnd } from '../../../core/accounts/end.js'
import { countWithoutSecondFactor } from '../../../core/accounts/people.js'
import type { AuditRecord } from '../../../core/audit/audit.js'
import { auditEvents } from '../../../core/audit/audit.js'
import type { TrailWish } from '../../../core/audit/search.js'
import { attemptsSince, searchTrail } from '../../../core/audit/search.js'
import type { AccountId } from '../../../core/ids.js'
import { parseId } from '../../../core/ids.js'
import { day } from '../../../core/ports/platform.js'
import type { Problem, TrailView } from '../../../pages/index.js'
import { trailPage, trailWords } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { statusOf } from '../../problems.js'
import { page } from '../../response.js'
import { activityRow } from '../account.js'
import { forAdministrators } from './guard.js'

const atOnce = 50

type Asked = TrailView['asked']

const askedOf = ({ query }: SignedInContext): Asked => {
  const text = (name: keyof Asked): string => (query.get(name) ?? '').trim().slice(0, 200)
  return { who: text('who'), event: text('event'), since: text('since'), address: text('address') }
}

export const getActivity: Handler = forAdministrators(async (context) => {
  const { core } = context.services
  const asked = askedOf(context)
  const { wish, problems } = await wishOf(context, asked)
  const found = problems.length > 0 ? nothing : await searchTrail(core, wish)
  const nameOf = await names(context, found.records)
  const activity = found.records.map((record) => ({
    ...activityRow(record, {
      who: nameOf(record.account) ?? textOf(record.details['username']),
      about: textOf(record.details['group']),
      by: nameOf(record.details['by']),
    }),
    times: 1 + Number(record.details['more'] ?? 0),
  }))
  const view = {
    ...{ activity, asked, problems, isCutShort: found.isCutShort },
    olderHref: found.next === null ? undefined : olderHref(context, asked, found.next),
    week: isPlain(context) ? await attemptsSince(core, nowOf(context) - 7 * day) : [],
    withoutSecondFactor: isPlain(context) ? await countWithoutSecondFactor(core) : 0,
  }
  const extra = problems.length > 0 ? { status: statusOf('invalid-query') } : {}
  return page(trailPage(siteOf(context, context.signedIn), view), extra)
})

const nothing = { records: [], next: null, isCutShort: false }

/** Nothing in particular was asked for: the first page says how it looks altogether. */
const isPlain = ({ query }: SignedInContext): boolean => query.size === 0

async function wishOf(
  context: SignedInContext,
  asked: Asked,
): Promise<{ readonly wish: TrailWish; readonly problems: readonly Problem[] }> {
  const { core } = context.services
  const problems: Problem[] = []
  const account = asked.who === '' ? null : await findAccount(core, asked.who)
  if (asked.who !== '' && account === null)
    problems.push({ key: 'other', field: 'who', text: trailWords.nobody })
  const event = auditEvents.find((one) => one === asked.event)
  const since = asked.since === '' ? undefined : sinceOf(asked.since, nowOf(context))
  if (since === null) problems.push({ key: 'other', field: 'since', text: trailWords.badSince })
  const before = Number(context.query.get('before') ?? '')
  const wish = {
    ...{ account: account?.id, event, since: since ?? undefined, limit: atOnce },
    address: asked.address === '' ? undefined : asked.address,
    before: Number.isSafeInteger(before) && before > 0 ? before : undefined,
  }
  return { wish, problems }
}

/** A date or a moment, or `7d`: so long ago. */
function sinceOf(text: string, now: number): number | null {
  const at = parseEnd(text, now)
  return at !== null && /^\d+[dh]$/.test(text) ? 2 * now - at : at
}

function olderHref({ services }: SignedInContext, asked: Asked, before: number): string {
  const parts = Object.entries({ ...asked, before: String(before) }).filter(([, text]) => text !== '')
  const query = parts.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&')
  return `${services.site.base}/admin/activity?${query}`
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** What the accounts of these events are called now; those that are gone have no name. */
async function names(
  { services }: SignedInContext,
  records: readonly AuditRecord[],
): Promise<(id: unknown) => string | undefined> {
  const ids = new Set(
    records.flatMap(({ account, details }) => [account, parseId<AccountId>(textOf(details['by']) ?? '')]),
  )
  const known = new Map<unknown, string>()
  for (const id of ids) {
    const account = id === null ? null : await services.core.queries.accounts.find(id)
    if (account !== null) known.set(account.id, account.username)
  }
  return (id) => known.get(id)
}
