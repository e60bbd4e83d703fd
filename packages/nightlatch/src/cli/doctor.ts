import type { AddCommands } from './command.js'
import { asCalled } from './called.js'
import type { CliDeps, Nightlatch } from './deps.js'
import { Refused, WrongUsage } from './errors.js'
import { checkAll } from './doctor-checks.js'
import { checkUrl, webAddress } from './doctor-url.js'
import type { Finding } from './finding.js'
import type { Settings } from '../config/read.js'
import { knownSite } from './known-site.js'
import { paint, print, printJson } from './output.js'
import { addSettingFlags, settingsOf } from './settings-flags.js'
import { mustHaveDatabase, openDatabase } from './with-app.js'

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
