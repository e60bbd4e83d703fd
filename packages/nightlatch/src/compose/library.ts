import type { IncomingMessage, ServerResponse } from 'node:http'
import { noteRunning, openServices, openNightlatch } from './open.js'
import type { HttpApp, Nightlatch, Parts } from './open.js'
import { invitationUrl } from './links.js'
import { readSettings } from '../config/read.js'
import type { Settings } from '../config/read.js'
import type { ApplicationAccounts } from '../core/core.js'
import { firstAccountLink } from '../core/accounts/administration.js'
import { findSession } from '../core/sessions/session-lifetime.js'
import { isOurs } from '../http/request-handler.js'
import type { HttpLog } from '../http/services.js'
import { fetchHandler } from '../http/bindings/fetch.js'
import { asNext, queryFor } from '../http/return-url.js'
import { nodeListener, pathBelow } from '../http/bindings/node.js'
import { sessionView } from '../http/session-view.js'
import { isoSeconds } from '../shared/time.js'
import { startHousekeeping } from './housekeeping.js'
import { startLogoutNotices } from './logout-notices.js'
import { startPostOffice } from './post-office.js'
import { houseOf } from './weekly-report.js'
import { createLog } from '../log/log.js'
import { requestLog } from '../log/request-log.js'
import type { SessionView } from '../http/session-view.js'

export interface AuthOptions {
  /** The public origin that browsers see: `https://app.example.org`. Plain http only for loopback. */
  readonly origin: string
  /** The name that authenticator apps show. Default: Nightlatch. */
  readonly issuer?: string
  /** `postgres://…`, or a folder, or a SQLite file (its name ends in .db or .sqlite). Default: `nightlatch-data`. */
  readonly database?: string
  /** The root key: 32 bytes in base64; several, newest first, while keys are being rotated. Default: a generated file beside the database. */
  readonly secret?: string | readonly string[]
  /** Where the pages live below the origin: `/auth`. Default: the origin itself, beside the application's own. */
  readonly basePath?: string
  readonly mfa?: 'required' | 'optional'
  /**
   * Default: `sign-in`, a passkey that checks who holds it signs in alone. Where the application keeps the accounts,
   * passkeys always come after the password, which it is asked about.
   */
  readonly passkeys?: 'sign-in' | 'second-factor' | 'off'
  /** `device-bound`: new passkeys must stay on the device that makes them. */
  readonly passkeyKind?: 'any' | 'device-bound'
  /** The domain that passkeys are made for: the origin's host, or a parent of it. */
  readonly rpId?: string
  /** Earlier origins that still lead here and are still yours. */
  readonly formerOrigins?: readonly string[]
  /** Whom Strict-Transport-Security is said of. Default: the host of the origin alone. */
  readonly hsts?: 'host' | 'subdomains' | 'off'
  /** How to reach the person who runs the site: a mail address, an https address or a few words. */
  readonly contact?: string
  /** The mail server (`smtps://user:password@mail.example.org`) and the sender of what people are told by mail. */
  readonly mail?: { readonly smtpUrl: string; readonly from: string }
  /** Addresses or CIDR ranges whose X-Forwarded-For counts. */
  readonly trustedProxies?: readonly string[]
  /** The application keeps the accounts and passwords; Nightlatch adds the second factor only. */
  readonly accounts?: ApplicationAccounts
  /** Where a framework hides the connection: the client's address of a web `Request`. */
  readonly clientAddress?: (request: Request) => string | undefined
  /** Default: warnings and errors, on standard error. */
  readonly log?: HttpLog
  /**
   * Told at each start while there is no account: the one-time link that makes the first one, an administrator. It is
   * as good as a password, so it goes into no log. Default: it is printed on standard error.
   */
  readonly onFirstAccountLink?: (url: string, expiresAt: Date) => void
}

/** A web `Request`, a request of node:http, or anything else with headers. */
export type RequestLike = { readonly headers: Headers | IncomingMessage['headers'] }

export interface NightlatchAuth {
  /** The public origin that browsers see. */
  readonly origin: string
  /** '' or '/auth'. */
  readonly basePath: string
  /** Whether a path is ours to answer: below `basePath`, or without one a page of ours. */
  owns(path: string): boolean
  /** All pages and the HTTP interface. `connection`: what the framework knows of the other end. */
  fetch(request: Request, connection?: { readonly address?: string | undefined }): Promise<Response>
  /** The same for node:http, without a detour over web requests. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void
  /** The signed-in account and its factors, or null. */
  session(request: RequestLike): Promise<SessionView | null>
  /** Where to send somebody who is not signed in; `next` is a path of this origin. */
  signInUrl(next?: string): string
  /** Where to send somebody who is signed in and has to prove it with a passkey. */
  passkeyUrl(next?: string): string
  close(): Promise<void>
}

/** The options cannot be used; `problems` says why, a line each. */
export class OptionsError extends TypeError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`createNightlatch: ${problems.join(' ')}`)
    this.name = 'OptionsError'
    this.problems = problems
  }
}

/**
 * Nightlatch inside a TypeScript application.
 *
 * @throws OptionsError when an option is wrong, StartError when the root key does not fit the database,
 * StorageError when the database cannot be opened.
 * @example
 * const auth = await createNightlatch({ origin: 'http://localhost:3000', basePath: '/auth' })
 */
export async function createNightlatch(options: AuthOptions): Promise<NightlatchAuth> {
  const settings = settingsOf(options)
  const log = options.log ?? defaultLog()
  const nightlatch = await openNightlatch(settings, partsOf(options, log))
  if (nightlatch.hasGuessableKey) log.warn('the root key can be guessed', {})
  const http = openServices(nightlatch, settings, { door: 'library', log })
  await noteRunning(nightlatch, settings, { door: 'library', log })
  if (options.accounts === undefined) await tellFirstAccountLink(nightlatch, options, log)
  const withoutAddress = once(() => log.warn(unknownAddress, { option: 'clientAddress' }))
  const stopHousekeeping = startHousekeeping(houseOf(nightlatch, settings), log)
  const stopNotices = startLogoutNotices(http.services, log)
  const stopPostOffice = startPostOffice({ nightlatch, settings, log })
  const base = settings.basePath
  return {
    origin: settings.origin,
    basePath: base,
    owns: (path) => (base === '' ? isOurs(path) : pathBelow(path, base) !== ''),
    fetch: fetchHandler(http.handle, {
      base,
      peerOf: (request, connection) =>
        addressOf(options.clientAddress?.(request) ?? connection?.address, withoutAddress),
    }),
    listener: nodeListener(http.handle, { base, isStopping: () => false }),
    session: (request) => sessionOf(http, request),
    signInUrl: (next) => pageUrl(`${base}/login`, next),
    passkeyUrl: (next) => pageUrl(`${base}/mfa/passkey-due`, next),
    close: async () => {
      await Promise.all([stopHousekeeping(), stopNotices()])
      await stopPostOffice()
      await nightlatch.close()
    },
  }
}

const pageUrl = (path: string, next: string | undefined): string =>
  `${path}${next === undefined ? '' : `?${queryFor(asNext(next))}`}`

/** The sign-in page sends people to this link. Without it everything else works, and another start makes one. */
async function tellFirstAccountLink(
  { core, settings }: Pick<Nightlatch, 'core' | 'settings'>,
  { onFirstAccountLink: tell = printFirstAccountLink }: AuthOptions,
  log: HttpLog,
): Promise<void> {
  try {
    const link = await firstAccountLink(core)
    if (link !== null) tell(invitationUrl(settings, link.token), new Date(link.expiresAt * 1000))
  } catch (error) {
    log.error('the link that makes the first account could not be told', {}, error)
  }
}

const printFirstAccountLink = (url: string, expiresAt: Date): void => {
  const until = isoSeconds(expiresAt.getTime() / 1000)
  process.stderr.write(
    `There is no account yet. Open this link to create the first one:\n\n  ${url}\n\n` +
      `It works once, until ${until}; another start prints a new one.\n`,
  )
}

function partsOf({ accounts }: AuthOptions, log: HttpLog): Parts {
  if (accounts === undefined) return { serves: true }
  const onUnclearAnswer = once(() => log.warn(unclearAnswer, { option: 'accounts' }))
  return { serves: true, applicationAccounts: accounts, onUnclearAnswer }
}

/** Not what was typed: people type passwords into the wrong field. */
const unclearAnswer =
  'verifyPassword answered true for a name that is not exactly the name of an account: the sign-in was refused. ' +
  'Answer which account it is: { username }'
export const unknownAddress =
  "the client's address is not known: wrong passwords are counted by account alone, and one sender can keep " +
  'everybody waiting. Tell it: clientAddress: (request) => …'

/** A line for the operator, said once. */
function once(say: () => void): () => void {
  let isSaid = false
  return () => {
    if (isSaid) return
    isSaid = true
    say()
  }
}

function addressOf(address: string | undefined, withoutAddress: () => void): string {
  if (address === undefined) withoutAddress() // '' is the answer of somebody who knows that it is not known
  return address ?? ''
}

/** A page that says that something went wrong is no use to whoever has to find out what. */
export const defaultLog = (): HttpLog =>
  requestLog(createLog({ level: 'warn', stream: process.stderr, colour: false }))

async function sessionOf({ services }: HttpApp, request: RequestLike): Promise<SessionView | null> {
  const { headers } = request
  const cookie =
    typeof headers.get === 'function' ? headers.get('cookie') : (headers as IncomingMessage['headers']).cookie
  const { socket = null } = request as Partial<IncomingMessage>
  const shown = { header: () => cookie ?? undefined, connection: socket }
  const token = services.cookies.token(shown, 'session')
  const signedIn = await findSession(services.core, token)
  return signedIn === null ? null : sessionView(signedIn)
}

/** Not the path of a file: nothing, or another kind of database, is refused instead of being taken for a path. */
const databaseUrl = /^(?:$|postgres(?:ql)?:|(?!sqlite:|file:)[a-z][\w+.-]+:\/\/)/i

const fileScheme = /^(?:sqlite|file):(?:\/\/)?/

function settingsOf(options: AuthOptions): Settings {
  const { origin, issuer, basePath, mfa, trustedProxies, secret, database } = options
  const isUrl = database !== undefined && databaseUrl.test(database)
  const place = database === undefined || isUrl ? undefined : database.replace(fileScheme, '')
  const env = {
    NIGHTLATCH_ORIGIN: origin,
    NIGHTLATCH_ISSUER: issuer,
    NIGHTLATCH_BASE_PATH: basePath,
    NIGHTLATCH_MFA: mfa,
    NIGHTLATCH_PASSKEYS: options.passkeys,
    NIGHTLATCH_PASSKEY_KIND: options.passkeyKind,
    NIGHTLATCH_RP_ID: options.rpId,
    NIGHTLATCH_FORMER_ORIGINS: options.formerOrigins?.join(','),
    NIGHTLATCH_HSTS: options.hsts,
    NIGHTLATCH_CONTACT: options.contact,
    NIGHTLATCH_SMTP_URL: options.mail?.smtpUrl,
    NIGHTLATCH_MAIL_FROM: options.mail?.from,
    NIGHTLATCH_TRUSTED_PROXIES: trustedProxies?.join(','),
    NIGHTLATCH_SECRET: typeof secret === 'string' ? secret : secret?.join(','),
    NIGHTLATCH_DATABASE_URL: isUrl ? database : undefined,
    // A folder or a file, read as the command line reads it, so that both find the same one.
    NIGHTLATCH_DATA: place,
  }
  const read = readSettings({ env })
  if (read.kind === 'problems') throw new OptionsError(read.problems.map(inOptionWords))
  return read.settings
}

/** `NIGHTLATCH_BASE_PATH: must …` → `basePath: must …`: programs know the options, not the variables. */
const inOptionWords = (problem: string): string =>
  problem.replace(/NIGHTLATCH_([A-Z_]+)/g, (_, name: string) =>
    name
      .toLowerCase()
      .replace('database_url', 'database')
      .replace('smtp_url', 'mail.smtpUrl')
      .replace('mail_from', 'mail.from')
      .replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase()),
  )
