import { Option } from 'commander'
import type { Account } from '../../core/accounts/account.js'
import { accountState } from '../../core/accounts/account.js'
import { listPeople, personStates, type PersonState } from '../../core/accounts/people.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { onDatabase, type Options } from './account-command.js'
import { wholeNumber, type CliCommand } from '../framework/command.js'
import type { CliDeps } from '../framework/deps.js'
import { isoTime, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'
import { describeAccount } from './user-show.js'

const mostAtOnce = 10_000

export function addUserList(user: CliCommand, deps: CliDeps): void {
  const list = user
    .command('list')
    .description('Lists the accounts, by name.')
    .example(
      'nightlatch user list',
      'nightlatch user list --group admins --json',
      'nightlatch user list --search love --limit 50',
    )
    .option('--group <name>', 'Those in this group only.')
    .addOption(new Option('--state <state>', 'Those in this state only.').choices([...personStates]))
    .option(
      '--search <text>',
      'Those with words in name, user name or address that begin so; by the word that fits.',
    )
    .option('--limit <number>', `So many at most; all of them without it.`, wholeNumber(1, mostAtOnce))
    .option('--after <name>', 'Those behind this user name: what the page before ended with.')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action(async (options: Options) => {
    await onDatabase(deps, options, async (app) => {
      const { people, next } = await allOrSome(app.core, options)
      if (options['json'] === true) return printJson(deps, { accounts: people.map(describeAccount), next })
      const head = ['NAME', 'EMAIL', 'SECOND STEP', 'STATE', 'LAST SIGN-IN']
      const now = app.core.platform.nowSeconds()
      printTable(
        deps,
        head,
        people.map((account) => rowOf(account, now)),
      )
      if (next !== null) tell(deps, `There are more: add --after ${next}`)
      else if (people.length === 0) tell(deps, isFiltered(options) ? 'Nobody fits.' : nobodyYet)
    })
  })
}

const nobodyYet = 'There is no account yet: nightlatch user add NAME'

const isFiltered = (options: Options): boolean =>
  ['group', 'state', 'search', 'after'].some((name) => options[name] !== undefined)

/** Page by page, so that no query takes long. */
async function allOrSome(core: Parameters<typeof listPeople>[0], options: Options) {
  const limit = options['limit'] as number | undefined
  const people: Account[] = []
  let after = options['after'] as string | undefined
  for (;;) {
    const page = await listPeople(core, {
      group: options['group'] as string | undefined,
      state: options['state'] as PersonState | undefined,
      search: options['search'] as string | undefined,
      after,
      limit: limit ?? 1000,
    })
    people.push(...page.people)
    if (limit !== undefined || page.next === null) return { people, next: page.next }
    after = page.next
  }
}

const rowOf = (account: Account, now: number): readonly string[] => {
  const state = accountState(account, now)
  return [
    account.username,
    account.email || '-',
    hasSecondFactor(account) ? 'yes' : 'no',
    account.admin && state === 'active' ? 'admin' : state,
    isoTime(account.lastSignInAt) || 'never',
  ]
}
