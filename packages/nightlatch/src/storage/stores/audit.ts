import type {
  AuditEventName,
  AuditFilter,
  AuditRecord,
  AuditStore,
  EventCount,
} from '../../core/audit/audit.js'
import type { AccountId } from '../../core/ids.js'
import type { Dialect, Param } from '../engine/database.js'
import { byDialect, counted, marks, removeAmong, valuesList } from './rows.js'
import { weekly } from '../migrations/0025-found-people.js'
import { defineStore } from './store.js'

interface AuditRow {
  readonly sequence: number
  readonly at: number
  readonly event: string
  readonly account: string | null
  readonly address: string
  readonly user_agent: string
  readonly details: string
}

const recordOf = (row: AuditRow): AuditRecord => ({
  sequence: row.sequence,
  at: row.at,
  event: row.event as AuditEventName,
  account: row.account as AccountId | null,
  address: row.address,
  userAgent: row.user_agent,
  details: JSON.parse(row.details) as AuditRecord['details'],
})

const columns = 'sequence, at, event, account, address, user_agent, details'
const mostOfThese = 100

function listQuery(filter: AuditFilter): readonly [string, readonly Param[]] {
  const wanted: readonly (readonly [string, Param | undefined])[] = [
    ['account =', filter.account],
    ['sequence >', filter.afterSequence],
    ['sequence <', filter.beforeSequence],
    ['sequence >=', filter.fromSequence],
    ['event =', filter.event],
    ['address =', filter.address],
    ['at >=', filter.since],
  ]
  const given = wanted.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]))
  const where = given.map(({ condition }, index) => `${condition} $${index + 1}`).join(' AND ')
  const order = filter.afterSequence === undefined ? 'DESC' : 'ASC'
  return [
    `SELECT ${columns} FROM audit
      ${where === '' ? '' : `WHERE ${where}`} ORDER BY sequence ${order} LIMIT $${given.length + 1}`,
    [...given.map(({ value }) => value), filter.limit],
  ]
}

const add = `INSERT INTO audit (at, event, account, address, user_agent, details)
  VALUES ($1, $2, $3, $4, $5, $6)`
const these = `SELECT ${columns} FROM audit
  WHERE sequence IN ${valuesList(1, mostOfThese)} ORDER BY sequence`
const due = `SELECT sequence FROM audit WHERE at < $1 ORDER BY at LIMIT $2`
const removeBefore = removeAmong('audit', 'sequence', due)

/** The first of a wait is a row, and the others are counted in the next one (`more`). */
const more = byDialect((dialect) =>
  dialect === 'postgres'
    ? "(details::json ->> 'more')::bigint"
    : "CAST(json_extract(details, '$.more') AS INTEGER)",
)
/** In the words of its index, which is used where the condition is its own. */
const countSince = (dialect: Dialect, events: number): string => {
  return `SELECT event, CAST(count(*) + COALESCE(sum(${more[dialect]}), 0) AS bigint) AS times,
      count(DISTINCT account) AS accounts, count(DISTINCT NULLIF(address, '')) AS addresses
    FROM audit WHERE ${weekly} AND at >= $1 AND event IN (${marks(events, 2)}) GROUP BY event`
}

const countUpTo = (dialect: Dialect, events: number): string => {
  return `SELECT CAST(count(*) + COALESCE(sum(${more[dialect]}), 0) AS bigint) AS n FROM (SELECT details FROM audit
    WHERE ${weekly} AND event IN (${marks(events, 3)}) AND at >= $1 LIMIT $2) AS latest`
}

export const auditStore = defineStore<AuditStore>({
  async add(event) {
    const { at, account, address, userAgent, details } = event
    await this.db.run(add, [at, event.event, account, address, userAgent, JSON.stringify(details)])
    this.heard?.(event)
  },
  async list(filter) {
    return (await this.db.all<AuditRow>(...listQuery(filter))).map(recordOf)
  },
  async listThese(sequences) {
    // Always as many parameters: one statement for all.
    const padded = Array.from({ length: mostOfThese }, (_one, index) => sequences[index] ?? -1)
    return (await this.db.all<AuditRow>(these, padded)).map(recordOf)
  },
  async countSince(at, events) {
    return this.db.all<EventCount>(countSince(this.db.dialect, events.length), [at, ...events])
  },
  async countUpTo(most, { since, events }) {
    const text = countUpTo(this.db.dialect, events.length)
    return Math.min(most, await counted(this.db, text, [since, most, ...events]))
  },
  removeBefore(at, limit) {
    return this.db.run(removeBefore[this.db.dialect], [at, limit])
  },
})
