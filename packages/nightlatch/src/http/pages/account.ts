import { offersOwnEmail } from '../../core/accounts/own-email.js'
import type { Policy } from '../../core/policy.js'
import type { AuditRecord } from '../../core/audit/audit.js'
import type { FactorItem } from '../../core/factors/factor.js'
import type { OwnFactors } from '../../core/factors/registry.js'
import { allFactors, isJustRecovered } from '../../core/factors/registry.js'
import { liveSessions } from '../../core/sessions/session-lifetime.js'
import type { Proof, Session } from '../../core/sessions/session.js'
import type { AccountView, ActivityRow, FactorRow, Notice, SessionRow } from '../../pages/index.js'
import { accountPage } from '../../pages/index.js'
import { page } from '../response.js'
import { passkeysView } from './passkeys.js'
import { applicationOf } from './application.js'
import { forSignedIn, takeNotice } from '../guards.js'
import { deviceName } from '../user-agent.js'
import type { Handler, SignedInContext } from '../context.js'
import { nowOf, policyOf, siteOf } from '../context.js'

const activityRows = 20

export const factorRows = (factors: readonly FactorItem[]): FactorRow[] => factors.map(factorRow)

const factorRow = ({ name, createdAt, lastUsedAt }: FactorItem): FactorRow => ({
  name,
  addedAtSeconds: createdAt,
  lastUsedAtSeconds: lastUsedAt,
})

export const getAccount: Handler = forSignedIn(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const shown = await accountView(context)
  const view = {
    ...shown,
    notice: notice ?? afterRecovery(context, shown),
    application: applicationOf(context),
  }
  return page(accountPage(siteOf(context, context.signedIn), view), { cookies })
})

/** Said for as long as the lost phone may be replaced: the sign-in may have led to an application first. */
const afterRecovery = (context: SignedInContext, { recoveryCodes }: AccountView): Notice | undefined =>
  isJustRecovered(policyOf(context), context.signedIn.session, nowOf(context))
    ? { key: 'recovery-code-used', left: recoveryCodes.left }
    : undefined

async function accountView(context: SignedInContext): Promise<AccountView> {
  const { core } = context.services
  const { account, session } = context.signedIn
  const [own, devices, applications] = await Promise.all([
    core.queries.factors.listOf(account.id),
    core.queries.trustedDevices.listOf(account.id),
    core.queries.applications.listOf(account.id),
  ])
  return {
    name: account.name === '' ? account.username : account.name,
    username: account.username,
    secondFactors: own.items.length,
    counts: own.counts,
    ...factorViews(own, core.policy),
    passkeys: await passkeysView(context),
    offersTokens: await core.queries.hardwareTokens.hasFree(),
    trustedDevices: devices.map((one) => ({
      id: one.id,
      device: deviceName(one.userAgent),
      addedAtSeconds: one.createdAt,
      untilSeconds: one.expiresAt,
    })),
    applications: applications.map((one) => ({
      id: one.application,
      name: one.name,
      sinceSeconds: one.givenAt,
      lastUsedAtSeconds: one.lastUsedAt,
    })),
    hasPassword: core.applicationAccounts === null,
    email: (await offersOwnEmail(core)) ? account.email : undefined,
    sessions: (await liveSessions(core, account))
      .map((one) => sessionRow(one, session))
      .sort((one, other) => Number(other.current) - Number(one.current)),
    ...(await activity(context, own)),
  }
}

/** What the section of each kind shows. */
const factorViews = (
  { items, counts }: OwnFactors,
  { issuer, authenticators, recoveryCodes }: Policy,
): Pick<AccountView, 'authenticators' | 'mostAuthenticators' | 'recoveryCodes'> => ({
  authenticators: items
    .filter(({ kind }) => kind === 'totp')
    .map((one) => ({
      ...factorRow(one),
      id: one.id,
      driftSeconds: one.driftSeconds,
      issuer: one.label === issuer ? undefined : (one.label ?? undefined),
    })),
  mostAuthenticators: authenticators.most,
  recoveryCodes: { left: counts['recovery-code'], total: recoveryCodes.count },
})

const sessionRow = (one: Session, current: Session): SessionRow => ({
  id: one.id,
  device: deviceName(one.userAgent),
  address: one.address === '' ? undefined : one.address,
  signedInAtSeconds: one.signedInAt,
  lastActiveAtSeconds: Math.max(one.lastSeenAt, one.signedInAt),
  factors: one.factors,
  current: one.id === current.id,
})

async function activity(
  context: SignedInContext,
  { items }: OwnFactors,
): Promise<Pick<AccountView, 'activity' | 'olderHref'>> {
  const { account } = context.signedIn
  const before = Number(context.query.get('before') ?? '')
  const beforeSequence = Number.isSafeInteger(before) && before > 0 ? { beforeSequence: before } : {}
  const filter = { account: account.id, limit: activityRows + 1, ...beforeSequence }
  const records = await context.services.core.queries.audit.list(filter)
  const shown = records.slice(0, activityRows)
  const last = shown.at(-1)
  const nameOf = new Map<unknown, string>(items.map(({ id, name }) => [id, name]))
  return {
    activity: grouped(shown.filter(({ event }) => !unsaid.has(event))).map((group) => ({
      ...activityRow(group.record, { about: aboutOf(group.record, nameOf) }),
      times: group.times,
      places: group.addresses.size,
    })),
    olderHref:
      records.length > activityRows && last !== undefined
        ? `${context.services.site.base}/account?before=${String(last.sequence)}#activity`
        : undefined,
  }
}

const aboutOf = ({ details }: AuditRecord, nameOf: ReadonlyMap<unknown, string>): string | undefined =>
  allFactors.map(({ one }) => nameOf.get(details[one])).find((name) => name !== undefined)

/** Steps on the way to what is told anyway: a list of one's own activity is to be read, not decoded. */
const unsaid = new Set<AuditRecord['event']>(['sign-in.password-accepted', 'step-up.passed'])

/** What somebody who guesses makes many of: they are one line, with the newest of them. */
const groupable = new Set<AuditRecord['event']>([
  'sign-in.password-refused',
  'sign-in.password-throttled',
  'code.refused',
  'code.throttled',
  'code.locked',
  'passkey.refused',
  'passkey.throttled',
  'recovery-code.refused',
  'recovery-code.throttled',
  'step-up.refused',
])

interface Group {
  readonly record: AuditRecord
  readonly addresses: Set<string>
  times: number
}

function grouped(records: readonly AuditRecord[]): readonly Group[] {
  const groups: Group[] = []
  for (const record of records) {
    const times = 1 + Number(record.details['more'] ?? 0)
    const last = groups.at(-1)
    if (last?.record.event === record.event && groupable.has(record.event)) {
      last.times += times
      last.addresses.add(record.address)
    } else groups.push({ record, times, addresses: new Set([record.address]) })
  }
  return groups
}

/** `about`: what the authenticator that it concerned is called now, where it is still there. */
interface Beside {
  readonly about?: string | undefined
  readonly who?: string | undefined
  readonly by?: string | undefined
}

export function activityRow(record: AuditRecord, { about, who, by }: Beside): ActivityRow {
  const { event, at, userAgent, address, details } = record
  return {
    event,
    about,
    who,
    by,
    atSeconds: at,
    device: userAgent === '' ? undefined : deviceName(userAgent),
    address: address === '' ? undefined : address,
    factors:
      event === 'sign-in.completed' ? (String(details['factors'] ?? '').split('+') as Proof[]) : undefined,
  }
}
