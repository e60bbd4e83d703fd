import { closeAfterRestore, type Closed } from '../../core/maintenance/after-restore.js'
import { factorKinds } from '../../core/factors/factor.js'
import { allFactors } from '../../core/factors/registry.js'
import type { AddCommands } from '../framework/command.js'
import type { CliDeps } from '../framework/deps.js'
import { operatorWords } from './factor-words.js'
import { isoTime, print, printJson, tell, timeOrNull } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

interface Options {
  readonly [setting: string]: unknown
  readonly recoveryCodes?: true
  readonly json?: true
}

export const addAfterRestoreCommand: AddCommands = (program, deps) => {
  const command = program
    .command('after-restore')
    .description(
      'Closes what a restored backup opens again: ends every session, sign-in, remembered device and invitation, ' +
        'and makes every code up to now spent. Also while the server runs, and as often as you like.',
    )
    .example('nightlatch after-restore', 'nightlatch after-restore --recovery-codes')
    .option(
      '--recovery-codes',
      'Withdraw all recovery codes, too: people make new ones after they signed in.',
    )
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    const wanted = { recoveryCodes: options.recoveryCodes === true }
    const closed = await withApp(deps, {
      settings,
      work: ({ core }) => closeAfterRestore(core, wanted),
    })
    if (options.json !== true) {
      printClosed(deps, closed)
      return notCovered(closed).forEach((line) => tell(deps, line))
    }
    const { lastEventAt, factors, ...counts } = closed
    const closedFactors = Object.fromEntries(allFactors.map(({ kind, many }) => [many, factors[kind]]))
    printJson(deps, { closed: { ...counts, ...closedFactors }, trailEndedAt: timeOrNull(lastEventAt) })
  })
}

export function printClosed(deps: CliDeps, closed: Closed): void {
  const lines: readonly (readonly [string, number, string])[] = [
    ['sessions', closed.sessions, 'ended'],
    ['sign-ins', closed.signIns, 'ended'],
    ['set-ups', closed.setUps, 'ended'],
    ['remembered devices', closed.trustedDevices, 'forgotten'],
    ['known devices', closed.knownDevices, 'forgotten'],
    ['invitations', closed.invitations, 'withdrawn'],
    ...factorKinds.map((kind): readonly [string, number, string] => {
      const [what, fate] = operatorWords[kind].restored
      return [what, closed.factors[kind] ?? 0, fate]
    }),
  ]
  for (const [what, count, fate] of lines) print(deps, `${what.padEnd(20)}${count} ${fate}`)
}

/** What happened after the backup was made is written nowhere in it. */
function notCovered({ factors, lastEventAt }: Closed): readonly string[] {
  const since = lastEventAt === 0 ? 'the backup' : isoTime(lastEventAt)
  return [
    ...(factors['recovery-code'] === null
      ? ['Recovery codes that were used since are good again: --recovery-codes withdraws them all.']
      : []),
    `Nobody can tell from this database what was changed after ${since}: passwords, authenticators that were ` +
      'added or removed, accounts that were disabled, counts of wrong codes. If the lost database can still be ' +
      'read: nightlatch audit --limit 10000, with its NIGHTLATCH_DATA or NIGHTLATCH_DATABASE_URL',
  ]
}
