import { existsSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { isMissing } from '../../../config/data-place.js'
import { isPublicSuffix } from '../../../config/parsers.js'
import type { Settings } from '../../../config/read.js'
import { problemsOfTls, readTls, tlsWarning } from '../../../config/tls-files.js'
import type { CliDeps, Nightlatch } from '../../framework/deps.js'
import { explain } from '../../framework/errors.js'
import { askOrigin } from './ask-origin.js'
import type { Finding } from './finding.js'
import { fail, ok, warn } from './finding.js'
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

/** Node 20 got its last security fix in April 2026. */
const oldestMaintainedNode = 22
export const isMaintainedNode = Number(process.versions.node.split('.')[0]) >= oldestMaintainedNode

export const unmaintained = `it gets no security fixes any more: use Node ${oldestMaintainedNode} or later`

function checkNode(): Finding {
  return isMaintainedNode
    ? ok('node', `Node ${process.versions.node}`)
    : warn(
        'node',
        `Node ${process.versions.node} gets no security fixes any more`,
        `use Node ${oldestMaintainedNode} or later`,
      )
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
    const findings = [
      ok('database', `${app.storage.dialect}, reachable and migrated`),
      await checkKey(app),
      await checkTrail(app),
      ...(await checkAccounts(app, site)),
      await checkPasskeys(app, site),
      await checkOutbox(app),
    ]
    return { findings, site }
  } catch (error) {
    return { findings: [notOpened(error)], site: asTold(settings) }
  } finally {
    await app?.close()
  }
}

const noneYet = (file: string): Finding =>
  warn('database', `there is none yet at ${file}`, 'nightlatch serve makes it')
const asTold = (settings: Settings): KnownSite => ({ settings, installation: null })

/** An application may keep the accounts itself; a server on its own needs a first one. */
async function checkAccounts(app: Nightlatch, { installation }: KnownSite): Promise<readonly Finding[]> {
  const isOurs = installation !== null && installation.door !== 'library'
  if (!isOurs || !(await app.core.queries.accounts.isEmpty())) return []
  return [
    warn(
      'accounts',
      'there is none yet, and the link that the server printed ends after an hour',
      'start the server again, which prints a new one, or nightlatch user add NAME --admin',
    ),
  ]
}

/** Browsers make them for a domain, and use them at no other one. */
async function checkPasskeys(app: Nightlatch, { settings }: KnownSite): Promise<Finding> {
  const { use, rpId } = settings.passkeys
  const queries = app.core.queries.passkeys
  const [all, lost] = await Promise.all([queries.count(), queries.countElsewhere(rpId)])
  if (use === 'off')
    return all === 0
      ? ok('passkeys', 'switched off')
      : warn(
          'passkeys',
          `they are switched off, and ${passkeyCount(all)} cannot be used`,
          'NIGHTLATCH_PASSKEYS=sign-in',
        )
  if (isIP(rpId.replace(/^\[|\]$/g, '')) !== 0)
    return warn('passkeys', `browsers make none for an IP address (${rpId})`, 'open the site by a name')
  if (lost > 0)
    return warn(
      'passkeys',
      `${passkeyCount(lost)} of ${all} cannot be used at ${rpId}: they were made for another address`,
      'set NIGHTLATCH_RP_ID to a domain that both have in common, or let their owners make new ones',
    )
  return ok('passkeys', `${passkeyCount(all)}, for ${rpId}`)
}

const passkeyCount = (count: number): string => (count === 1 ? '1 passkey' : `${count} passkeys`)

const patientMinutes = 10

/** What waits is sent by the server; what has waited for long says that it cannot. */
async function checkOutbox(app: Nightlatch): Promise<Finding> {
  const { waiting, oldestAt } = await app.core.queries.outbox.summary()
  if (waiting === 0) return ok('outbox', 'no mail waits')
  const minutes = Math.floor((app.core.platform.nowSeconds() - oldestAt) / 60)
  const text = `${waiting === 1 ? '1 mail waits' : `${waiting} mails wait`}, the oldest for ${minutes} minutes`
  return minutes < patientMinutes
    ? ok('outbox', text)
    : warn(
        'outbox',
        text,
        'see that a server runs that has a mail server, and look for mail.failed in its log',
      )
}

/** What cannot be opened says itself what to do. */
function notOpened(error: unknown): Finding {
  const { code, lines } = explain(error)
  return { check: code === 'root-key' ? 'key' : 'database', state: 'fail', text: lines.join(' ') }
}

async function checkKey(app: Nightlatch): Promise<Finding> {
  const keys = await app.core.queries.keys.list()
  // One under which nothing lies is done with, and forgotten at the next round of housekeeping.
  const missing = keys.filter(({ here, secrets }) => !here && secrets > 0).map(({ id }) => id)
  if (app.hasGuessableKey)
    return fail(
      'key',
      'it is text, a pattern or a sequence, and can be guessed',
      'put a random one before it in NIGHTLATCH_SECRET (openssl rand -base64 32), until the old one can go',
    )
  const sealed = app.unreadable === 1 ? '1 authenticator is' : `${app.unreadable} authenticators are`
  if (app.unreadable > 0)
    return warn(
      'key',
      `${sealed} sealed under a key that was declared lost`,
      'a recovery code still lets in, or nightlatch user reset-mfa NAME',
    )
  if (missing.length > 0)
    return warn(
      'key',
      `the database also knows a key that is not here (${missing.join(', ')})`,
      'add it, or nightlatch key forget-lost',
    )
  return ok('key', `fits the database (${app.core.box.keyId})`)
}

/** The newest event cannot lie in the future, unless the clock was turned back: codes would be refused. */
async function checkTrail(app: Nightlatch): Promise<Finding> {
  const [newest] = await app.core.queries.audit.list({ limit: 1 })
  const ahead = (newest?.at ?? 0) - app.core.platform.nowSeconds()
  return ahead > 5
    ? fail(
        'clock',
        `it is ${ahead} seconds behind the newest event in the database (${isoTime(newest?.at ?? 0)})`,
        'set the clock',
      )
    : ok('audit', newest === undefined ? 'no event yet' : `newest event at ${isoTime(newest.at)}`)
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

function checkPermissions(settings: Settings): readonly Finding[] {
  const { dataFolder, database, rootKey } = settings
  const files = [
    rootKey.kind === 'file' ? [rootKey.path] : [],
    database.kind === 'sqlite' ? [database.file, `${database.file}-wal`] : [],
  ]
  const open = [dataFolder, ...files.flat()].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  )
  if (!existsSync(dataFolder)) return []
  if (open.length === 0) return [ok('permissions', 'only the owner can read the data folder')]
  return [
    fail(
      'permissions',
      `others can get at ${open.join(', ')}`,
      `chmod -R go= ${dirname(open[0] ?? dataFolder) === dirname(dataFolder) ? dataFolder : dirname(open[0] ?? dataFolder)}`,
    ),
  ]
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

/** The files that this command was told of: whether the server could use them if it read them now. */
function checkTls({ tls, origin }: Settings): readonly Finding[] {
  if (tls === null) return []
  const problems = problemsOfTls(tls)
  if (problems.length > 0) return problems.map((text) => fail('tls', text, 'mend the files, then SIGHUP'))
  const { keyFile } = tls
  if ((statSync(keyFile).mode & 0o044) !== 0)
    return [warn('tls', `others can read ${keyFile}`, `chmod go= ${keyFile}`)]
  const read = readTls(tls)
  if (read.kind === 'problems') return []
  const warning = tlsWarning(read.pair, { now: Date.now(), host: new URL(origin).hostname })
  return [
    warning === null
      ? ok('tls', `the certificate is good until ${isoTime(read.pair.notAfter.getTime() / 1000)}`)
      : warn('tls', warning, 'renew it: the server reads the files again by itself'),
  ]
}

function checkProxy({ settings: { origin, tls, trustedProxies }, installation }: KnownSite): Finding {
  if (tls !== null || installation?.servesTls === true) return ok('proxy', 'none: https is served by itself')
  if (trustedProxies.size > 0) return ok('proxy', `${trustedProxies.size} trusted`)
  if (installation?.trustsProxies === true) return ok('proxy', 'the server trusts the one before it')
  if (installation?.door === 'protect' && !origin.startsWith('https:'))
    return ok('proxy', `none: nightlatch protect stands in front of ${installation.application} itself`)
  return origin.startsWith('https:')
    ? warn(
        'proxy',
        'https is ended by a proxy that is not trusted, so that all people share its address',
        'set NIGHTLATCH_TRUSTED_PROXIES',
      )
    : ok('proxy', 'none, and none needed')
}

function checkCookies({ origin, cookieDomain }: Settings): Finding {
  const { hostname } = new URL(origin)
  if (cookieDomain === null)
    return ok('cookies', `${hostname} alone; NIGHTLATCH_COOKIE_DOMAIN adds hosts beside it`)
  return isPublicSuffix(cookieDomain)
    ? fail(
        'cookies',
        `browsers take no cookie for all of ${cookieDomain}`,
        'set NIGHTLATCH_COOKIE_DOMAIN to the domain that is yours',
      )
    : ok('cookies', `${hostname}, and forward authentication for every host below ${cookieDomain}`)
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
