import { addTokens, planTokens, removeToken } from '../../core/factors/totp/tokens/drawer.js'
import type { PlannedToken } from '../../core/factors/totp/tokens/drawer.js'
import type { TokenRefusal } from '../../core/factors/totp/tokens/assign.js'
import { giveToken, takeTokenBack } from '../../core/factors/totp/tokens/assign.js'
import type { HeldToken, SerialKey } from '../../core/factors/totp/tokens/store.js'
import { parseSerial } from '../../core/factors/totp/tokens/store.js'
import { find, onDatabase, type Options } from './account-command.js'
import { heldEntries } from './import/sources.js'
import { tokensOf } from './import/tokens.js'
import { codesInWords, describeToken, printTokens, tokenProblemsInWords } from './token-words.js'
import { pairOf, refusalOf } from './user-resynchronise.js'
import type { AddCommands, CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { isoTime, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'

export const addTokenCommands: AddCommands = (program, deps) => {
  const token = program
    .command('token')
    .description('Hardware tokens by their serial numbers: import, list, assign, unassign, remove.')
  token.example(
    'nightlatch token import tokens.pskcxml',
    'nightlatch token assign GALT10203040 ada 123456 654321',
  )
  addImport(token, deps)
  addList(token, deps)
  addAssign(token, deps)
  addUnassign(token, deps)
  addRemove(token, deps)
}

function addImport(token: CliCommand, deps: CliDeps): void {
  const command = token
    .command('import <file...>')
    .description(
      "Puts tokens into the drawer: PSKC (RFC 6030) or the maker's CSV, all of them or none. The passphrase of an encrypted " +
        'file comes by standard input.',
    )
    .example(
      'nightlatch token import tokens.pskcxml < passphrase',
      'nightlatch token import tokens.csv --dry-run',
    )
    .option('--dry-run', 'Say what would be put there, and change nothing.')
    .option('--on-conflict <what>', 'With numbers that are there already: stop, or skip.', 'stop')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (files: readonly string[], options: Options) => {
    const onConflict = options['onConflict']
    if (onConflict !== 'stop' && onConflict !== 'skip') throw new WrongUsage('--on-conflict is stop or skip')
    const held = await heldEntries(deps, files)
    const { tokens, notes } = tokensOf(held.entries, held.notes)
    if (tokens.length === 0) throw new Refused(`there is no token in it${reasons(notes)}`)
    await onDatabase(deps, options, async (app) => {
      const plan = await planTokens(app.core, tokens, onConflict)
      if (plan.kind === 'refused') throw new Refused(tokenProblemsInWords(plan.problems), 'serial-taken')
      for (const note of notes) tell(deps, note)
      const isDry = options['dryRun'] === true
      const outcome = isDry ? 'added' : await addTokens(app.core, plan.tokens)
      if (outcome !== 'added')
        throw new Refused('nothing was imported: one of the numbers was taken meanwhile', 'serial-taken')
      printPlan(deps, plan.tokens, { isDry, json: options['json'] === true })
    })
  })
}

const reasons = (notes: readonly string[]): string =>
  notes.length === 0 ? '' : `: ${notes.slice(0, 3).join(' ').replace(/\.$/, '')}`

interface Printing {
  readonly isDry: boolean
  readonly json: boolean
}

function printPlan(deps: CliDeps, tokens: readonly PlannedToken[], { isDry, json }: Printing): void {
  const added = tokens.filter(({ action }) => action === 'add').length
  if (json)
    return printJson(deps, {
      dryRun: isDry,
      counts: { tokens: tokens.length, added, skipped: tokens.length - added },
      tokens: tokens.map(describeToken),
    })
  printTokens(deps, tokens)
  const what = `${added} put into the drawer, ${tokens.length - added} skipped`
  tell(deps, isDry ? `Nothing was changed. It would be: ${what}.` : `${what}.`)
}

const rowsAtOnce = 1000

function addList(token: CliCommand, deps: CliDeps): void {
  const command = token
    .command('list')
    .description('Lists the tokens and who has each, by their numbers.')
    .example('nightlatch token list --free')
    .option('--free', 'Only those in the drawer.')
    .option('--assigned', 'Only those that somebody has.')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (options: Options) =>
    onDatabase(deps, options, async (app) => {
      const fits = ({ holder }: HeldToken): boolean =>
        (options['free'] !== true || holder === null) && (options['assigned'] !== true || holder !== null)
      const all = (await everyToken(app)).filter(fits)
      if (options['json'] === true)
        return printJson(deps, {
          tokens: all.map((one) => ({
            ...describeToken(one),
            addedAt: isoTime(one.addedAt),
            username: one.holder?.username ?? null,
          })),
        })
      printTable(
        deps,
        ['SERIAL', 'CODES', 'MAKER', 'PERSON'],
        all.map((one) => [one.serial, codesInWords(one), one.maker || '-', one.holder?.username ?? '-']),
      )
      if (all.length === 0)
        tell(deps, 'There is none: nightlatch token import FILE puts some into the drawer.')
    }),
  )
}

async function everyToken({ core }: Nightlatch): Promise<readonly HeldToken[]> {
  const all: HeldToken[] = []
  for (let after: SerialKey | '' = '', found = rowsAtOnce; found === rowsAtOnce;) {
    const page = await core.queries.hardwareTokens.list(after, rowsAtOnce)
    all.push(...page)
    after = page.at(-1)?.key ?? ''
    found = page.length
  }
  return all
}

function addAssign(token: CliCommand, deps: CliDeps): void {
  const command = token
    .command('assign <serial> <name> <codes...>')
    .description(
      'Gives somebody a token from the drawer, by its number and two codes in a row that they read out. Both are used up, ' +
        'and it is one of their second factors from then on.',
    )
    .example('nightlatch token assign GALT10203040 ada 123456 654321')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(
    async (serial: string, name: string, ...[codes, options]: [readonly string[], Options]) => {
      const pair = pairOf(codes)
      await onDatabase(deps, options, async (app) => {
        const account = await find(app, name)
        const outcome = await giveToken(app.core, { account, serial, codes: pair })
        switch (outcome.kind) {
          case 'given':
            if (options['json'] === true)
              return printJson(deps, { token: { serial: outcome.name, username: account.username } })
            return tell(deps, `${account.username} has ${outcome.name} from now on.`)
          case 'closed':
            throw new Refused(`${account.username} is disabled or has ended`, 'account-closed')
          case 'too-many':
            throw new Refused(`${account.username} has as many authenticators as an account can have`)
          default:
            throw assignRefusal(outcome)
        }
      })
    },
  )
}

function assignRefusal(refusal: TokenRefusal): Refused {
  if (refusal.kind === 'no-serial') return new Refused('that is no serial number')
  if (refusal.kind === 'wrong')
    return new Refused(
      'there is no such token in the drawer, or the two codes are not its own in a row: nightlatch token list --free shows ' +
        'which there are',
      'wrong-code',
    )
  return refusalOf(refusal, { digits: null })
}

function keyOf(serial: string): SerialKey {
  const parsed = parseSerial(serial)
  if (parsed === null) throw new Refused(`${JSON.stringify(serial)} is no serial number`, 'no-such-token')
  return parsed.key
}

const notThere = (serial: string): Refused =>
  new Refused(
    `there is no token ${JSON.stringify(serial)}: nightlatch token list shows them all`,
    'no-such-token',
  )

function addUnassign(token: CliCommand, deps: CliDeps): void {
  const command = token
    .command('unassign <serial>')
    .description(
      'Takes a token back into the drawer: whoever had it is signed out everywhere and has nothing of it any more. Codes that ' +
        'were used stay used.',
    )
    .example('nightlatch token unassign GALT10203040')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (serial: string, options: Options) => {
    const key = keyOf(serial)
    await onDatabase(deps, options, async (app) => {
      const outcome = await takeTokenBack(app.core, key)
      if (outcome.kind === 'not-there') throw notThere(serial)
      if (outcome.kind === 'in-the-drawer') throw new Refused('nobody has it: it lies in the drawer')
      if (outcome.kind === 'last-one')
        throw new Refused(
          `it is the only second factor of ${outcome.username}: nightlatch user reset-mfa ${outcome.username} removes it, and ` +
            'the next sign-in sets up a new one',
          'last-second-factor',
        )
      if (options['json'] === true)
        return printJson(deps, { token: { serial, username: null, was: outcome.username } })
      tell(deps, `${serial} is back in the drawer; ${outcome.username} is signed out everywhere.`)
    })
  })
}

function addRemove(token: CliCommand, deps: CliDeps): void {
  const command = token
    .command('remove <serial>')
    .description(
      'Removes a token for good that was lost or is worn out. One that somebody has is taken back first.',
    )
    .example('nightlatch token remove GALT10203040')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (serial: string, options: Options) => {
    const key = keyOf(serial)
    await onDatabase(deps, options, async (app) => {
      const found = await app.core.queries.hardwareTokens.find(key)
      if (found === null) throw notThere(serial)
      if (!(await removeToken(app.core, key)))
        throw new Refused(
          `${found.holder?.username ?? 'somebody'} has it: nightlatch token unassign ${serial} takes it back`,
          'token-in-use',
        )
      if (options['json'] === true) return printJson(deps, { removed: { serial: found.serial } })
      tell(deps, `Removed ${found.serial}.`)
    })
  })
}
