import { isOpen } from '../accounts/account.js'
import type { AuditEventName, EventCount } from '../audit/audit.js'
import { noClient } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { Finding } from '../maintenance/finding.js'
import { day } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Mail } from './mail.js'
import { post } from './mail.js'

/** How often something happened, or how many there are: what administrators are told, and see on their first page. */
export interface WeekFigures {
  readonly wrongPasswords: number
  readonly wrongCodes: number
  readonly resetsAsked: number
  readonly recoveryCodesUsed: number
  readonly newPeople: number
  readonly withoutSecondFactor: number
}

const counted = {
  wrongPasswords: ['sign-in.password-refused', 'sign-in.password-throttled'],
  wrongCodes: [
    'code.refused',
    'code.throttled',
    'recovery-code.refused',
    'recovery-code.throttled',
    'passkey.refused',
    'passkey.throttled',
  ],
  resetsAsked: ['password.reset-asked'],
  recoveryCodesUsed: ['recovery-code.used'],
  newPeople: ['account.created', 'account.registered', 'account.imported'],
} as const satisfies Readonly<
  Record<Exclude<keyof WeekFigures, 'withoutSecondFactor'>, readonly AuditEventName[]>
>

const weekSeconds = 7 * day

/** Since that moment; the last seven days unless told. */
export async function weekFigures(
  core: Core,
  since = core.platform.nowSeconds() - weekSeconds,
): Promise<WeekFigures> {
  const { audit, people } = core[storage].stores
  const [counts, withoutSecondFactor] = await Promise.all([
    audit.countSince(since, Object.values(counted).flat()),
    people.countWithoutSecondFactor(),
  ])
  const happened = Object.entries(counted).map(([name, events]) => [name, sumOf(counts, events)] as const)
  return { ...(Object.fromEntries(happened) as Record<keyof typeof counted, number>), withoutSecondFactor }
}

/** More of anything than this are not counted for a page. */
const glanceMost = 1000

/** The same at a glance, which costs no more with a hundred times as many people: `most`, or more than that. */
export async function weekAtAGlance(core: Core): Promise<WeekFigures & { readonly most: number }> {
  const { audit, people } = core[storage].stores
  const since = core.platform.nowSeconds() - weekSeconds
  const names = Object.keys(counted) as (keyof typeof counted)[]
  const [withoutSecondFactor, ...counts] = await Promise.all([
    people.countWithoutSecondFactor(glanceMost + 1),
    ...names.map((name) => audit.countUpTo(glanceMost + 1, { since, events: counted[name] })),
  ])
  const happened = Object.fromEntries(names.map((name, at) => [name, counts[at] ?? 0]))
  return { ...(happened as Record<keyof typeof counted, number>), withoutSecondFactor, most: glanceMost }
}

const sumOf = (counts: readonly EventCount[], events: readonly AuditEventName[]): number =>
  counts.filter(({ event }) => events.includes(event)).reduce((sum, { times }) => sum + times, 0)

/** Of the moment up to which was reported last. */
const fact = 'weekly-report'

/** More people than this run nothing together. */
const mostTold = 50

/**
 * Once a week, to every administrator who has an address: the write of the new moment decides which server does it, and the
 * mails are kept with it. The first week begins with the first look; of one in which there is nothing to tell, nobody hears.
 * @returns how many mails are on their way
 */
export async function reportWeek(core: Core, look: () => Promise<readonly Finding[]>): Promise<number> {
  if (!core.policy.reportsWeekly) return 0
  const { facts } = core[storage].stores
  const now = core.platform.nowSeconds()
  const last = await facts.get(fact)
  if (last === null) {
    await facts.add(fact, String(now))
    return 0
  }
  const since = Number(last)
  // A clock that was ahead and is right again begins anew.
  const isAhead = since > now
  if (!isAhead && now - since < weekSeconds) return 0
  const [figures, found] = isAhead ? [null, []] : await Promise.all([weekFigures(core, since), look()])
  const bad = found.filter(({ state }) => state !== 'ok')
  return core[storage].atomically<number>(async (stores) => {
    if (!(await stores.facts.replace(fact, { from: last, to: String(now) }))) return new Rollback(0)
    const isQuiet = figures === null || (bad.length === 0 && Object.values(figures).every((one) => one === 0))
    return isQuiet ? 0 : tellAll(core, stores, { ...figures, since, findings: bad.map(inOneLine).join('\n') })
  })
}

const inOneLine = ({ check, text, fix }: Finding): string =>
  `${check}: ${text}${fix === undefined ? '' : `. What to do: ${fix}`}`.replace(/\s+/g, ' ').slice(0, 500)

async function tellAll(core: Core, stores: Stores, figures: Mail['details']): Promise<number> {
  const at = core.platform.nowSeconds()
  const all = await stores.people.page({ state: 'admin', words: [], limit: mostTold, now: at })
  const details = { ...figures, required: core.policy.mfa === 'required' ? 1 : 0 }
  let told = 0
  for (const account of all) {
    if (account.email === '' || !isOpen(account, at)) continue
    const { id, email: to, username, name } = account
    const mail: Mail = { kind: 'weekly-report', to, username, name, at, client: noClient, details }
    if ((await post(core, stores, { mail, account: id })) === 'waiting') told += 1
  }
  return told
}
