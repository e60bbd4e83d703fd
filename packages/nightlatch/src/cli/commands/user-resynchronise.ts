import type { Account } from '../../core/accounts/account.js'
import type { AuthenticatorFacts } from '../../core/factors/totp/facts.js'
import type { CodePair } from '../../core/factors/totp/pair.js'
import type { Resynchronised } from '../../core/factors/totp/resynchronise.js'
import { resynchroniseFor } from '../../core/factors/totp/resynchronise.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { clockInWords, isoTime, printJson, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'
import { find, onDatabase, type Options } from './account-command.js'

/** The owner reads two codes in a row to whoever runs the site. */
export function addUserResynchronise(user: CliCommand, deps: CliDeps): void {
  const command = user
    .command('resync <name> <codes...>')
    .description(
      'Brings an authenticator back into step whose codes are refused (a clock that is off, a button that was pressed ' +
        'too often), by two codes in a row that its owner tells you. Both are used up by it.',
    )
    .example('nightlatch user resync ada 123456 654321')
    .option('--authenticator <name>', 'Which one, where there are several: its name or its id.')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(
    async (name: string, codes: readonly string[], options: Options) => {
      const pair = pairOf(codes)
      await onDatabase(deps, options, async (app) => {
        const account = await find(app, name)
        const one = await chosen(app, account, options['authenticator'])
        const outcome = await resynchroniseFor(app.core, { account, id: one.id, codes: pair })
        if (outcome.kind !== 'resynchronised') throw refusalOf(outcome, one)
        const { driftSeconds } = outcome
        if (options['json'] === true)
          return printJson(deps, { authenticator: { id: one.id, name: one.name, driftSeconds } })
        tell(
          deps,
          `${JSON.stringify(one.name)} of ${account.username} is back in step${clock(driftSeconds)}.`,
        )
      })
    },
  )
}

/** As arguments: they are used up by this very command. */
export function pairOf([first, second, ...more]: readonly string[]): CodePair {
  if (first === undefined || second === undefined || more.length > 0)
    throw new WrongUsage('give two codes: one, and the one that is shown after it')
  return [first, second]
}

const clock = (seconds: number): string => (seconds === 0 ? '' : `; its clock is ${clockInWords(seconds)}`)

async function chosen(app: Nightlatch, account: Account, wanted: unknown): Promise<AuthenticatorFacts> {
  const all = await app.core.queries.authenticators.factsOf(account.id)
  if (all.length === 0)
    throw new Refused(`${account.username} has no authenticator app`, 'no-such-authenticator')
  const names = all.map(({ name }) => JSON.stringify(name)).join(', ')
  const [one, ...more] =
    typeof wanted === 'string' ? all.filter(({ id, name }) => id === wanted || name === wanted) : all
  if (one === undefined)
    throw new Refused(`${account.username} has no such authenticator, but ${names}`, 'no-such-authenticator')
  if (more.length > 0)
    throw new Refused(`${account.username} has ${names}: say which one with --authenticator`)
  return one
}

type Refusal = Exclude<Resynchronised, { kind: 'resynchronised' }>

/** Codes of a pair that nothing was done with: the same words for every command that takes one. */
export function refusalOf(refusal: Refusal, { digits }: { readonly digits: number | null }): Refused {
  switch (refusal.kind) {
    case 'malformed':
      return new Refused(
        `the ${refusal.which === 0 ? 'first' : 'second'} code ${digits === null ? 'is none of six to ten digits' : `has to be ${String(digits)} digits`}`,
      )
    case 'wrong':
      return new Refused(
        'these two codes do not follow one another, or one was used before: take a new one, and the one after it',
        'wrong-code',
      )
    case 'wait':
      return new Refused(
        `too many wrong codes: nothing is looked at before ${isoTime(refusal.untilSeconds)}`,
        'too-many-attempts',
      )
    case 'locked':
      return new Refused(
        'too many wrong codes in a row: codes are locked until a recovery code is used',
        'too-many-attempts',
      )
    case 'unreadable':
      return new Refused('its secret cannot be opened: it lies under a key that is not here')
    case 'not-there':
    case 'not-fresh':
      return new Refused('the account or the authenticator is gone')
  }
}
