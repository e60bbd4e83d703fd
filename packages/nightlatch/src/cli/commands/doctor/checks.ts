import { existsSync } from 'node:fs'
import { isMissing } from '../../../config/data-place.js'
import type { Settings } from '../../../config/read.js'
import type { CliDeps, Nightlatch } from '../../framework/deps.js'
import { explain } from '../../framework/errors.js'
import { askOrigin } from './ask-origin.js'
import {
  checkCookies,
  checkNode,
  checkPermissions,
  checkProxy,
  checkTls,
} from '../../../compose/findings/around.js'
import { findingsInside } from '../../../compose/findings/inside.js'
import type { Finding } from '../../../core/maintenance/finding.js'
import { fail, ok, warn } from '../../../core/maintenance/finding.js'
import { knownSite, type KnownSite } from '../known-site.js'
import { smtpFailure } from '../../../mail/smtp-errors.js'
import { clockOffset } from './ntp.js'
import { isoTime } from '../../framework/output.js'
import { openDatabase } from '../../framework/with-app.js'

interface Options {
  readonly ntp?: string
}

export async function checkAll(
  deps: CliDeps,
  settings: Settings,
  options: Options,
): Promise<readonly Finding[]> {
  const { findings, site } = await checkDatabase(deps, settings)
  return [
    checkNode(),
    ...findings,
    await checkClock(options),
    ...checkPermissions(settings),
    await checkOrigin(site.settings),
    ...checkTls(site.settings),
    checkProxy(site),
    checkCookies(site.settings),
    await checkMail(deps, site),
  ]
}

interface Checked {
  readonly findings: readonly Finding[]
  readonly site: KnownSite
}

async function checkDatabase(deps: CliDeps, settings: Settings): Promise<Checked> {
  const { database } = settings
  if (database.kind === 'sqlite' && isMissing(database.file))
    return { findings: [noneYet(database.file)], site: asTold(settings) }
  let app: Nightlatch | null = null
  try {
    app = await openDatabase(deps, settings)
    await app.storage.check()
    const site = await knownSite(app)
    return { findings: await findingsInside(app, site), site }
  } catch (error) {
    return { findings: [notOpened(error)], site: asTold(settings) }
  } finally {
    await app?.close()
  }
}

const noneYet = (file: string): Finding =>
  warn('database', `there is none yet at ${file}`, 'nightlatch serve makes it')
const asTold = (settings: Settings): KnownSite => ({ settings, installation: null })

/** What cannot be opened says itself what to do. */
function notOpened(error: unknown): Finding {
  const { code, lines } = explain(error)
  return { check: code === 'root-key' ? 'key' : 'database', state: 'fail', text: lines.join(' ') }
}

/** A code lives 30 seconds, and one step either way is accepted. */
const bearableSeconds = 10

async function checkClock({ ntp }: Options): Promise<Finding> {
  const now = new Date()
  if (now.getUTCFullYear() < 2026)
    return fail('clock', `it shows ${isoTime(now.getTime() / 1000)}`, 'set the clock')
  if (ntp === undefined) {
    return existsSync('/run/systemd/timesync/synchronized')
      ? ok('clock', 'kept right by the system')
      : ok('clock', `${isoTime(now.getTime() / 1000)}, not compared (--ntp SERVER compares it)`)
  }
  const offset = await clockOffset(ntp)
  if (offset === null) return warn('clock', `${ntp} did not answer`, 'try another time server')
  const text = `${Math.abs(offset).toFixed(1)} seconds ${offset > 0 ? 'behind' : 'ahead of'} ${ntp}`
  return Math.abs(offset) > bearableSeconds
    ? fail('clock', text, 'let the system keep it right (NTP)')
    : ok('clock', text)
}

async function checkOrigin({ origin, basePath }: Settings): Promise<Finding> {
  const asked = await askOrigin(`${origin}${basePath}/healthz`)
  if (asked.kind === 'unreachable')
    return warn(
      'origin',
      `${origin} does not answer (${asked.why})`,
      'start the server, and the proxy in front of it',
    )
  if (asked.status !== 200)
    return warn(
      'origin',
      `${origin}${basePath} is answered by something else (${asked.status})`,
      'look at the proxy',
    )
  return ok('origin', `${origin}${basePath} answers`)
}

async function checkMail(deps: CliDeps, { settings, installation }: KnownSite): Promise<Finding> {
  if (settings.mail === null && installation?.sendsMail === true)
    return ok('mail', 'the server has a mail server (set NIGHTLATCH_SMTP_URL here, too, to try it)')
  if (settings.mail === null)
    return warn('mail', 'there is no mail server, so nobody is told about changes', 'set NIGHTLATCH_SMTP_URL')
  try {
    await (await deps.mailer(settings)).verify()
    return ok('mail', 'the mail server takes us (connection, EHLO, STARTTLS or TLS, AUTH)')
  } catch (error) {
    return fail(
      'mail',
      `the mail server does not take us: ${smtpFailure(error)}`,
      'check NIGHTLATCH_SMTP_URL',
    )
  }
}
