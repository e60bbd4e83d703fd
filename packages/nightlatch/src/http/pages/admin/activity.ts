import type { AuditRecord } from '../../../core/audit/audit.js'
import type { AccountId } from '../../../core/ids.js'
import { parseId } from '../../../core/ids.js'
import { trailPage } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import { page } from '../../response.js'
import { activityRow } from '../account.js'
import { forAdministrators } from './guard.js'

const atOnce = 50

export const getActivity: Handler = forAdministrators(async (context) => {
  const { core, site } = context.services
  const before = Number(context.query.get('before') ?? '')
  const beforeSequence = Number.isSafeInteger(before) && before > 0 ? { beforeSequence: before } : {}
  const records = await core.queries.audit.list({ limit: atOnce + 1, ...beforeSequence })
  const shown = records.slice(0, atOnce)
  const nameOf = await names(context, shown)
  const last = shown.at(-1)
  const isLast = records.length <= atOnce || last === undefined
  return page(
    trailPage(siteOf(context, context.signedIn), {
      activity: shown.map((record) => ({
        ...activityRow(record, {
          who: nameOf(record.account) ?? textOf(record.details['username']),
          about: textOf(record.details['group']),
          by: nameOf(record.details['by']),
        }),
        times: 1 + Number(record.details['more'] ?? 0),
      })),
      olderHref: isLast ? undefined : `${site.base}/admin/activity?before=${String(last.sequence)}`,
    }),
  )
})

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
