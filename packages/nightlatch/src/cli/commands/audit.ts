import { setTimeout as wait } from 'node:timers/promises'
import { findAccount } from '../../core/accounts/administration.js'
import type { AuditRecord } from '../../core/audit/audit.js'
import type { AccountId } from '../../core/ids.js'
import { openTrail } from './audit-trail.js'
import { wholeNumber, type AddCommands } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { isoTime, print, printable, printJson } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

interface AuditOptions {
  readonly follow?: true
  readonly json?: true
  readonly limit: number
  readonly user?: string
}

export const addAuditCommand: AddCommands = (program, deps) => {
  const audit = program
    .command('audit')
    .description('Prints the audit trail, oldest event first, in UTC.')
    .example(
      'nightlatch audit',
      'nightlatch audit --follow',
      'nightlatch audit --user ada --limit 500 --json',
    )
    .option('--follow', 'Go on with what happens from now, until Ctrl-C.')
    .option('--user <name>', 'Events of this account only.')
    .option('--limit <number>', 'How many of the latest events, at most 10000.', wholeNumber(0, 10_000), 50)
    .option('--json', 'Print JSON; with --follow, one object a line.')
  addSettingFlags(audit, databaseSettings).action(
    async (options: AuditOptions & Readonly<Record<string, unknown>>) => {
      const settings = settingsOf(deps, options)
      mustHaveDatabase(settings)
      await withApp(deps, { settings, work: (app) => showTrail(deps, app, options) })
    },
  )
}

async function showTrail(deps: CliDeps, app: Nightlatch, options: AuditOptions): Promise<void> {
  const { audit } = app.core.queries
  const account = await accountOf(app, options.user)
  const mine = account === null ? {} : { account }
  const trail = await openTrail(audit)
  const until = { beforeSequence: trail.last + 1, limit: options.limit }
  const latest = options.limit === 0 ? [] : [...(await audit.list({ ...mine, ...until }))].reverse()
  trail.seen(latest)
  const names = nameFinder(app)
  if (options.json === true && options.follow !== true)
    return printJson(deps, { events: await Promise.all(latest.map((record) => describe(record, names))) })
  const showAll = async (records: readonly AuditRecord[]): Promise<void> => {
    for (const record of records) await show(deps, record, { json: options.json === true, names })
  }
  await showAll(latest)
  if (options.follow !== true) return
  const isMine = (record: AuditRecord): boolean => account === null || record.account === account
  await follow(deps, async () => showAll((await trail.next()).filter(isMine)))
}

async function accountOf(app: Nightlatch, username: string | undefined): Promise<AccountId | null> {
  if (username === undefined) return null
  const account = await findAccount(app.core, username)
  if (account !== null) return account.id
  throw new Refused(
    `there is no account ${JSON.stringify(username)}: nightlatch user list shows them all`,
    'no-such-account',
  )
}

const pollMs = 500

async function follow(deps: CliDeps, more: () => Promise<void>): Promise<void> {
  let ended = false
  void deps.stopSignal().then(() => (ended = true))
  for (; !ended; await wait(pollMs)) await more()
}

type Names = (id: AccountId | null) => Promise<string>

/** The username behind an id, or the id when the account is gone. */
function nameFinder(app: Nightlatch): Names {
  const known = new Map<AccountId, string>()
  return async (id) => {
    if (id === null) return ''
    const name = known.get(id) ?? (await app.core.queries.accounts.find(id))?.username ?? id
    known.set(id, name)
    return name
  }
}

interface Showing {
  readonly json: boolean
  readonly names: Names
}

async function show(deps: CliDeps, record: AuditRecord, { json, names }: Showing): Promise<void> {
  if (json) return printJson(deps, await describe(record, names))
  const details = Object.entries(record.details).map(([name, value]) => `${name}=${value}`)
  const facts = [
    isoTime(record.at),
    record.event,
    (await names(record.account)) || '-',
    record.address || '-',
  ]
  print(deps, [...facts, ...details].map(printable).join('\t'))
}

async function describe(record: AuditRecord, names: Names): Promise<Readonly<Record<string, unknown>>> {
  const { sequence, at, event, account, address, userAgent, details } = record
  const username = account === null ? null : await names(account)
  return { sequence, at: isoTime(at), event, account, username, address, userAgent, details }
}
