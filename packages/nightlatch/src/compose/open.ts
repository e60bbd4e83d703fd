import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isMissing } from '../config/data-place.js'
import { keepOutOfGit } from '../config/out-of-git.js'
import type { Settings } from '../config/read.js'
import { createCore, type ApplicationAccounts, type Core } from '../core/core.js'
import { Secret } from '../core/secret.js'
import { closeEverything, type Closed } from '../core/maintenance/after-restore.js'
import { checkRootKeys, knowsKeys } from '../core/keys/key-checks.js'
import {
  cookieMark,
  findInstallation,
  noteInstallation,
  type Installation,
} from '../core/maintenance/installation.js'
import type { Notices } from '../core/notify/notices.js'
import { storage as storageKey, type Stores } from '../core/ports/stores.js'
import type { Platform } from '../core/ports/platform.js'
import type { Argon2Setting } from '../crypto/phc-string.js'
import { isCommon } from '../crypto/common-passwords.js'
import {
  isGuessable,
  keyAdvice,
  readOrCreateRootKeyFile,
  readRootKeyFile,
  rootKeyBytes,
} from '../crypto/root-key.js'
import type { RootKey } from '../crypto/root-key.js'
import { createSecretBox } from '../crypto/secret-box.js'
import type { KeyedSecretBox } from '../crypto/secret-box.js'
import { nodePlatform } from '../crypto/platform.js'
import { nodeKeyMaker } from '../crypto/key-maker.js'
import { nodeWebAuthn } from '../crypto/webauthn.js'
import type { AccessRules } from '../core/access/rules.js'
import { loadAssets } from '../http/assets.js'
import type { HttpResponse, HttpRequest } from '../http/request.js'
import { clientAddresses } from '../http/client-address.js'
import { cookiesFor, forwardCookieNames } from '../http/cookies.js'
import { createRequestHandler } from '../http/request-handler.js'
import type { HttpLog, Services } from '../http/services.js'
import type { Peers } from './workers/worker.js'
import { passwordsFor } from './passwords.js'
import { lazyProvider } from './oidc.js'
import { unclaimed } from './unclaimed.js'
import { serverFindings } from './findings/server.js'
import { mailTrial } from './mail-trial.js'
import { policyFrom } from './policy.js'
import { rulesInForce } from './rules-in-force.js'
import { heardBy } from './hear-notices.js'
import { logEvents } from './log-events.js'
import { createResponseCaches } from '../http/response-cache.js'
import { createMetrics } from '../http/health/metrics.js'
import { untrustedProxies } from '../http/untrusted-proxy.js'
import { parseNext } from '../http/return-url.js'
import { ReadinessPollers } from '../http/health/readiness-pollers.js'
import { assetFolder } from '../pages/index.js'
import { moveStorage, openStorage, StorageError, undoMove } from '../storage/index.js'
import type { Moved, MoveOptions, OpenStorage } from '../storage/index.js'

/** What may be put in the place of the real thing; the settings are for operators, these are for programs. */
export interface Parts {
  readonly platform?: Platform
  readonly log?: HttpLog
  readonly notices?: Notices
  /** It is the server: its own settings say whether mails are sent, and not what the one that was started last has noted. */
  readonly serves?: boolean
  readonly applicationAccounts?: ApplicationAccounts
  readonly onUnclearAnswer?: () => void
  /** A cheaper argon2id for tests. */
  readonly unsafeArgon2Setting?: Argon2Setting
  /** The other workers of this server. */
  readonly peers?: Peers
  /** Opens although no key at hand fits, and seals nothing: only to declare the lost keys lost. */
  readonly lostKey?: boolean
}

/** Why the start was stopped: one line for the operator. */
export class StartError extends Error {
  readonly code: 'KEY_MISSING' | 'KEY_DOES_NOT_FIT' | 'KEY_UNREADABLE'

  constructor(code: StartError['code'], message: string) {
    super(message)
    this.name = 'StartError'
    this.code = code
  }
}

/** Everything but the pages and the JSON interface: what the command line works on, too. */
export interface Nightlatch {
  readonly settings: Settings
  readonly core: Core
  readonly storage: Pick<OpenStorage, 'backupTo' | 'check' | 'dialect' | 'onEvent'>
  readonly box: KeyedSecretBox
  /** Authenticators whose secret no key at hand can open. */
  readonly unreadable: number
  /** A root key at hand is text, a pattern or a sequence: whoever has the database may find it. */
  readonly hasGuessableKey: boolean
  /** In the names of its cookies. */
  readonly cookieMark: string
  /** Hears of each notice to an account that has an address, once what it tells of is kept. */
  onNotice(hear: Notices['send']): void
  /** Hears that there is a mail to be sent. */
  onMail(ring: () => void): void
  readonly peers: Peers | null
  close(): Promise<void>
}

/** The same for whoever put it together: no door is given the stores. */
export interface OpenNightlatch extends Nightlatch {
  readonly storage: OpenStorage
}

export type MoveOutcome = Moved & { readonly from: string; readonly to: string }

/** Moves everything to another database, also while servers work on it. */
export async function moveNightlatch(
  { database }: Settings,
  target: Settings['database'],
  hooks: Pick<MoveOptions, 'onProgress' | 'mustGoOn'>,
): Promise<MoveOutcome> {
  const [from, to] = [inWords(database), inWords(target)]
  const options = { ...hooks, from, to, nowSeconds: nodePlatform.nowSeconds() }
  const moved = await moveStorage(locationOf({ database }), locationOf({ database: target }), options)
  if (target.kind === 'sqlite') keepOutOfGit(dirname(target.file))
  return { ...moved, from, to }
}

export type UndoOutcome =
  | { readonly kind: 'nothing' | 'opened' }
  | { readonly kind: 'closed'; readonly closed: Closed; readonly to: string }

/** Opens an installation again that has moved away; what may have been used since elsewhere is closed. */
export function undoMoveOf(settings: Settings): Promise<UndoOutcome> {
  const core = { platform: nodePlatform, policy: policyFrom(settings) }
  const close = (stores: Stores): Promise<Closed> => closeEverything(core, stores, { recoveryCodes: false })
  return undoMove(locationOf(settings), close)
}

/** For people and logs: without user and password. */
export const inWords = (database: Settings['database']): string =>
  database.kind === 'sqlite'
    ? database.file
    : database.url.reveal().replace(/^(\w+:\/\/)(?:[^/?#]*@)?([^?#]*).*$/s, '$1$2')

export const silent: HttpLog = { warn: () => undefined, error: () => undefined }

/** Opens the database, checks the root key against it, and joins the parts. */
export async function openNightlatch(settings: Settings, parts: Parts = {}): Promise<OpenNightlatch> {
  const storage = await openStorage(locationOf(settings), {
    // Where a program brings a clock of its own, that one decides everywhere.
    clock: parts.platform === undefined ? 'database' : 'given',
  })
  try {
    const lostKey = parts.lostKey === true
    const keys = await rootKeysFor(settings, storage, lostKey)
    const box = createSecretBox(keys)
    const unreadable = lostKey ? 0 : await checkKeys(box, storage)
    keepOutOfGit(settings.dataFolder)
    const policy = policyFrom(settings)
    const passwords = passwordsFor(policy, parts)
    const { notices, ...hearing } = heardBy(parts.notices)
    const hasMailServer = mailServerOf(settings, parts)
    const joined = { [storageKey]: storage, policy, box, passwords, notices, hasMailServer }
    const core = joinCore(parts, joined)
    const close = async (): Promise<void> => {
      await passwords.close()
      await storage.close()
    }
    return {
      ...{ settings, core, storage, box, unreadable, close },
      peers: parts.peers ?? null,
      ...{
        ...hearing,
        hasGuessableKey: keys.some(isGuessable),
        cookieMark: await cookieMark(nodePlatform, storage.stores),
      },
    }
  } catch (error) {
    await storage.close()
    throw error
  }
}

const locationOf = ({ database }: Pick<Settings, 'database'>) =>
  database.kind === 'postgres' ? database.url.reveal() : { sqliteFile: database.file }

async function checkKeys(box: KeyedSecretBox, storage: OpenStorage): Promise<number> {
  const check = await checkRootKeys(box, storage.stores)
  if (check.kind === 'does-not-fit') throw keyDoesNotFit()
  if (check.kind === 'key-missing') throw anotherKeyIsMissing(check)
  return check.unreadable
}

const anotherKeyIsMissing = (found: { secrets: number; keyIds: readonly string[] }): StartError =>
  new StartError(
    'KEY_DOES_NOT_FIT',
    `The root key does not fit ${found.secrets} of the authenticators: they are sealed under another one ` +
      `(${found.keyIds.join(', ')}). Put it after the newest key in NIGHTLATCH_SECRET, or, if it is lost for good, ` +
      'read `nightlatch key forget-lost --help`.',
  )

const keyDoesNotFit = (): StartError =>
  new StartError(
    'KEY_DOES_NOT_FIT',
    'The root key does not fit this database: it was made with another one. Give the right key in ' +
      `NIGHTLATCH_SECRET, ${ifLost}`,
  )

const ifLost = 'or, if it is lost for good, read `nightlatch key forget-lost --help`.'

/** A key is generated for a new database only: for an old one it could never be the right one. */
async function rootKeysFor(
  settings: Settings,
  storage: OpenStorage,
  lostKey: boolean,
): Promise<readonly RootKey[]> {
  if (settings.rootKey.kind === 'given') return settings.rootKey.keys
  const { path } = settings.rootKey
  if (lostKey && isMissing(path)) return [new Secret(nodePlatform.randomBytes(rootKeyBytes))]
  const isOld = await knowsKeys(storage.stores)
  if (isMissing(path) && isOld)
    throw new StartError(
      'KEY_MISSING',
      `The root key of this database is missing: put it back at ${path}, or into NIGHTLATCH_SECRET, ${ifLost}`,
    )
  const read = isMissing(path) ? readOrCreateRootKeyFile(path) : readRootKeyFile(path)
  if (read.kind === 'keys') return read.keys
  const why = isOld
    ? `${read.why.replace(`: ${keyAdvice}`, '')}: put the key of this database back, ${ifLost}`
    : `${read.why}.`
  throw new StartError('KEY_UNREADABLE', `The root key file ${path} ${why}`)
}

type Joined = Pick<Core, typeof storageKey | 'policy' | 'box' | 'passwords' | 'notices'> &
  Required<Pick<Core, 'hasMailServer'>>

/** The command line writes mails for the server, which has the mail server. */
const mailServerOf =
  ({ mail }: Settings, { serves = false }: Parts): Required<Core>['hasMailServer'] =>
  async (stores) =>
    mail !== null || (!serves && (await findInstallation(stores))?.sendsMail === true)

function joinCore(parts: Parts, joined: Joined): Core {
  return createCore({
    ...joined,
    platform: parts.platform ?? nodePlatform,
    webAuthn: nodeWebAuthn,
    keyMaker: nodeKeyMaker,
    isCommonPassword: isCommon,
    applicationAccounts: parts.applicationAccounts ?? null,
    ...(parts.onUnclearAnswer === undefined ? {} : { onUnclearAnswer: parts.onUnclearAnswer }),
  })
}

/** What the command line is to know of the server that runs; without it everything else works. */
export async function noteRunning(
  { core }: Pick<Nightlatch, 'core'>,
  settings: Settings,
  { door, application = '', log }: { door: Installation['door']; application?: string; log: HttpLog },
): Promise<void> {
  const { origin, basePath, cookieDomain, trustedProxies, mail } = settings
  const reached = { trustsProxies: trustedProxies.size > 0, servesTls: settings.tls !== null }
  const facts = { origin, basePath, door, application, ...reached }
  const more = {
    cookieDomain: cookieDomain ?? '',
    sendsMail: mail !== null,
    registration: settings.registration.mode,
    accounts: core.applicationAccounts === null ? ('own' as const) : ('application' as const),
    keyId: core.box.keyId,
  }
  try {
    await noteInstallation(core, { ...facts, ...more })
  } catch (error) {
    log.error('the command line will not know this address', {}, error)
  }
}

export interface ServiceParts {
  /** Where a sign-in leads that was sent nowhere; our home page unless told. */
  readonly landing?: string
  /** By what it was started. */
  readonly door?: Installation['door']
  /** null: every protected address asks for whoever is signed in. */
  readonly accessRules?: AccessRules | null
  /** Those of the door, where they are not forward authentication's. */
  readonly rules?: AccessRules | null
  readonly log?: HttpLog
  isStopping?(): boolean
}

export interface HttpApp {
  readonly services: Services
  handle(request: HttpRequest): Promise<HttpResponse>
}

/** The door of pages and JSON, for one origin. */
export function openServices(nightlatch: Nightlatch, settings: Settings, parts: ServiceParts = {}): HttpApp {
  const { storage, cookieMark: mark } = nightlatch
  // With port 0 the origin is known only now.
  const core: Core = { ...nightlatch.core, policy: policyFrom(settings) }
  const { origin, basePath: base, cookieDomain } = settings
  const secure = origin.startsWith('https:')
  const { assets, addresses } = loadAssets(base, (file) => readFileSync(new URL(file, assetFolder)))
  const nextPolicy = { origin, protectedDomain: cookieDomain ?? '' }
  const log = parts.log ?? silent
  const { trustedProxies } = settings
  logEvents(nightlatch, log)
  const services: Services = {
    core,
    site: {
      origin,
      base,
      landing: parts.landing ?? `${base}/`,
      standsAlone: standsAlone(settings, parts),
      ...{ name: settings.issuer, secure, hsts: settings.hsts, contact: settings.contact },
      ...{ assets: addresses, forwardCookie: forwardCookieNames({ origin, mark }) },
      protectedDomain: nextPolicy.protectedDomain,
    },
    cookies: cookiesFor({ origin, mark }),
    nextOf: (text) => parseNext(text, nextPolicy),
    assets,
    ...countersFor(nightlatch),
    log,
    trustedProxies,
    clientAddress: clientAddresses({ trustedProxies, log }),
    noteProxy: untrustedProxies({ trustedProxies, log }),
    responseCaches: createResponseCaches({ secure, hsts: settings.hsts }),
    accessRules: parts.accessRules ?? null,
    ...{ ...rulesInForce(core, parts, origin), findings: () => serverFindings(nightlatch, settings) },
    tryMail: mailTrial(core, settings),
    provider: lazyProvider(core, origin + base),
    ...{ isOutage, isUnclaimed: unclaimed(core), ready: () => storage.check() },
    isStopping: parts.isStopping ?? (() => false),
    readinessPollers: new ReadinessPollers(nightlatch.peers?.count),
  }
  return { services, handle: createRequestHandler(services) }
}

/** As far as anybody has said: an address that forward authentication or a rule is about is an application's. */
const standsAlone = (
  { cookieDomain, trustedProxies }: Settings,
  { door, accessRules }: ServiceParts,
): boolean =>
  door === 'serve' &&
  cookieDomain === null &&
  trustedProxies.size === 0 &&
  (accessRules?.rules ?? []).every(({ launch, hosts }) => launch === undefined && hosts === null)

function countersFor({ core, peers }: Nightlatch): Pick<Services, 'metrics' | 'countersOfOthers'> {
  const metrics = createMetrics(core.platform.nowSeconds())
  peers?.tellOf(() => metrics.counters())
  return { metrics, countersOfOthers: () => peers?.counters() ?? Promise.resolve([]) }
}

/** Only a bug is a 500: whatever the database cannot do just now is a 503. */
const isOutage = (error: unknown): boolean =>
  error instanceof StorageError && error.code !== 'not-text' && error.code !== 'failed'
