import type { AddCommands } from '../../framework/command.js'
import { asCalled } from '../../framework/called.js'
import type { CliDeps, Nightlatch } from '../../framework/deps.js'
import { Refused, WrongUsage } from '../../framework/errors.js'
import { checkAll } from './checks.js'
import { checkUrl, webAddress } from './url.js'
import type { Finding } from '../../../core/maintenance/finding.js'
import type { Settings } from '../../../config/read.js'
import { knownSite } from '../known-site.js'
import { paint, print, printJson } from '../../framework/output.js'
import { addSettingFlags, settingsOf } from '../../framework/settings-flags.js'
import { mustHaveDatabase, openDatabase } from '../../framework/with-app.js'

const styles = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export const addDoctorCommand: AddCommands = (program, deps) => {
  const doctor = program
    .command('doctor')
    .description(
      'Checks clock, key, database, permissions, proxy, cookies and mail, and says how to mend what is wrong.',
    )
    .example(
      'nightlatch doctor',
      'nightlatch doctor --ntp pool.ntp.org',
      'nightlatch doctor --url https://app.example.org',
      'nightlatch doctor --json',
    )
    .option('--ntp <server>', 'Compare the clock with a time server; otherwise nobody is asked.')
    .option('--url <url>', 'Walk the round trip of a protected page from outside instead.')
    .option('--json', 'Print JSON.')
  addSettingFlags(doctor).action(async (options: Readonly<Record<string, unknown>>) => {
    const settings = settingsOf(deps, options)
    const ntp = options['ntp'] as string | undefined
    const url = options['url'] as string | undefined
    if (url !== undefined && webAddress(url) === null)
      throw new WrongUsage(`--url: ${url} is no web address.`)
    const findings =
      url === undefined
        ? await checkAll(deps, settings, ntp === undefined ? {} : { ntp })
        : await checkUrl(url, await siteSettings(deps, settings))
    if (options['json'] === true) printJson(deps, { checks: findings })
    else for (const finding of findings) print(deps, line(deps, finding))
    const failed = findings.filter(({ state }) => state === 'fail').map(({ check }) => check)
    if (failed.length > 0)
      throw new Refused(
        `not in order: ${failed.join(', ')}; each line above says what to do`,
        'checks-failed',
      )
  })
}

/** As the running server has them, where the database can say; the walk from outside needs no database. */
async function siteSettings(deps: CliDeps, settings: Settings): Promise<Settings> {
  let app: Nightlatch | null = null
  try {
    mustHaveDatabase(settings)
    app = await openDatabase(deps, settings)
    return (await knownSite(app)).settings
  } catch {
    return settings
  } finally {
    await app?.close()
  }
}

function line(deps: CliDeps, { check, state, text, fix }: Finding): string {
  const shown = paint(deps, styles[state], state.toUpperCase().padEnd(4))
  return `${shown}  ${check.padEnd(12)}${text}${fix === undefined ? '' : `: ${asCalled(deps, fix)}`}`
}
