import { isIP } from 'node:net'
import type { Finding } from '../../core/maintenance/finding.js'
import { fail, ok, warn } from '../../core/maintenance/finding.js'
import type { Installation } from '../../core/maintenance/installation.js'
import type { Settings } from '../../config/read.js'
import { isoSeconds } from '../../shared/time.js'
import type { Nightlatch } from '../open.js'

export interface CheckedSite {
  readonly settings: Settings
  /** What the server that was started last noted, or null. */
  readonly installation: Installation | null
}

/** What a database that is open can say. */
export async function findingsInside(app: Nightlatch, site: CheckedSite): Promise<readonly Finding[]> {
  return [
    ok('database', `${app.storage.dialect}, reachable and migrated`),
    await checkKey(app),
    await checkTrail(app),
    ...(await checkAccounts(app, site)),
    await checkPasskeys(app, site),
    await checkOutbox(app),
  ]
}

/** An application may keep the accounts itself; a server on its own needs a first one. */
async function checkAccounts(app: Nightlatch, { installation }: CheckedSite): Promise<readonly Finding[]> {
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
async function checkPasskeys(app: Nightlatch, { settings }: CheckedSite): Promise<Finding> {
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

async function checkKey(app: Nightlatch): Promise<Finding> {
  // One under which nothing lies is done with, and forgotten at the next round of housekeeping.
  const missing = await app.core.queries.keys.listMissing()
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
        `it is ${ahead} seconds behind the newest event in the database (${isoSeconds(newest?.at ?? 0)})`,
        'set the clock',
      )
    : ok('audit', newest === undefined ? 'no event yet' : `newest event at ${isoSeconds(newest.at)}`)
}
