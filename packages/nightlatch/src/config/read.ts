import { join } from 'node:path'
import type { Secret } from '../core/secret.js'
import { readRootKeyFile, type RootKey } from '../crypto/root-key.js'
import { dataPlace, type DataPlace } from './data-place.js'
import { nearest } from './nearest.js'
import { isPublicSuffix, type Registration } from './parsers.js'
import { parseFile } from './secret-files.js'
import { withoutServiceLinks } from './service-links.js'
import { problemsOfTls, type TlsFiles } from './tls-files.js'
import { flagOf, settingNames, settings } from './settings.js'
import type { AddressList, GivenSettings, LogLevel, Setting, SettingName } from './settings.js'

/** Everything that can be set, checked and with its defaults. */
export interface Settings {
  readonly host: string
  readonly port: number
  /** Where it serves https by itself. */
  readonly tls: TlsFiles | null
  /** With plain http, and leads to the origin. */
  readonly redirectPort: number | null
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string
  /** Empty, or `/auth`: with a slash before it and none after it. */
  readonly basePath: string
  readonly dataFolder: string
  readonly database:
    | { readonly kind: 'sqlite'; readonly file: string }
    | { readonly kind: 'postgres'; readonly url: Secret<string> }
  /** The keys themselves, or the file of the data folder that is made when it is not there. */
  readonly rootKey:
    | { readonly kind: 'given'; readonly keys: readonly RootKey[]; readonly path: string | null }
    | { readonly kind: 'file'; readonly path: string }
  readonly issuer: string
  readonly mfa: 'required' | 'optional'
  /** What was asked for: without a mail server nobody can be sent a link. */
  readonly passwordReset: 'on' | 'off'
  /** The same. */
  readonly weeklyReport: 'on' | 'off'
  readonly passkeys: PasskeySettings
  readonly registration: Registration
  readonly trustedProxies: AddressList
  readonly cookieDomain: string | null
  readonly hsts: 'host' | 'subdomains' | 'off'
  /** How to reach the person who runs the site, or ''. */
  readonly contact: string
  readonly mail: { readonly smtpUrl: Secret<string>; readonly from: string } | null
  readonly server: ServerSettings
  /** How many processes serve. */
  readonly workers: number
  readonly logLevel: LogLevel
  /** What somebody said, and how; everything else has its default. */
  readonly told: Told
}

export type Told = Readonly<Partial<Record<SettingName, 'flag' | 'variable'>>>

export interface PasskeySettings {
  readonly use: 'sign-in' | 'second-factor' | 'off'
  readonly rpId: string
  readonly formerOrigins: readonly string[]
  readonly kind: 'any' | 'device-bound'
}

/** What keeps the server's connections in bounds. */
export interface ServerSettings {
  readonly keepAliveSeconds: number
  readonly headerLimitBytes: number
  readonly connections: number
  readonly connectionsPerAddress: number
}

export type SettingsRead =
  | { readonly kind: 'settings'; readonly settings: Settings }
  /** All of them, a line each. */
  | { readonly kind: 'problems'; readonly problems: readonly string[] }

export interface SettingSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** By the setting's name, as `trustedProxies`. A flag wins over the environment. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>
  /** It is a server that starts: the files that only a server needs are looked at, too. */
  readonly serves?: boolean
}

interface Source {
  /** The variable or the flag, as the person knows it. */
  readonly label: string
  readonly text: string
}

export function readSettings({ env, flags = {}, serves = false }: SettingSources): SettingsRead {
  const sources: SettingSources = { env: withoutServiceLinks(env), flags }
  const problems = unknownVariables(sources.env)
  const given = withTwins(parseAll(sources, problems), problems)
  const rootKey = rootKeyOf(given, problems)
  problems.push(...problemsOfTlsSettings(given, problems, serves), ...problemOfWorkers(given))
  if (!mentions(problems, 'origin')) problems.push(...problemOfCookieDomain(given), ...problemOfRpId(given))
  // Also when the address is wrong: every problem is told at once.
  const smtp = (['smtpUrl', 'smtpUrlFile'] as const).find((name) => sourceOf(name, sources) !== null)
  if (smtp !== undefined && sourceOf('mailFrom', sources) === null)
    problems.push(`NIGHTLATCH_MAIL_FROM: must be set, because ${settings[smtp].variable} is.`)
  problems.push(...problemOfRegistration(given, smtp !== undefined))
  return problems.length > 0
    ? { kind: 'problems', problems }
    : { kind: 'settings', settings: withDefaults(given, { rootKey, told: toldBy(sources) }) }
}

const toldBy = (sources: SettingSources): Told =>
  Object.fromEntries(
    settingNames.flatMap((name) => {
      const source = sourceOf(name, sources)
      return source === null ? [] : [[name, source.label.startsWith('--') ? 'flag' : 'variable']]
    }),
  )

/** What lies in a file instead of the variable is read, and counts as if it stood there. */
function withTwins(given: GivenSettings, problems: string[]): GivenSettings {
  const databaseUrl = twin(given, { name: 'databaseUrl', file: 'databaseUrlFile' }, problems)
  const smtpUrl = twin(given, { name: 'smtpUrl', file: 'smtpUrlFile' }, problems)
  return { ...given, ...(databaseUrl && { databaseUrl }), ...(smtpUrl && { smtpUrl }) }
}

interface Twins {
  readonly name: 'databaseUrl' | 'smtpUrl'
  readonly file: 'databaseUrlFile' | 'smtpUrlFile'
}

function twin(given: GivenSettings, { name, file }: Twins, problems: string[]): Secret<string> | undefined {
  const path = given[file]
  if (path === undefined) return given[name]
  const [variable, fileVariable] = [settings[name].variable, settings[file].variable]
  if (given[name] !== undefined)
    problems.push(`${variable} and ${fileVariable}: only one of them may be set.`)
  const read = parseFile(path, settings[name].parse)
  if (read.kind === 'value') return read.value
  problems.push(`${fileVariable}: ${read.why}.`)
  return undefined
}

function unknownVariables(env: SettingSources['env']): string[] {
  const known = settingNames.map((name) => settings[name].variable)
  return Object.keys(env)
    .filter((name) => /^nightlatch_/i.test(name) && !known.some((one) => one === name))
    .sort()
    .map((name) => {
      const near = nearest(name.toUpperCase(), known)
      return `${name}: there is no such setting.${near === null ? '' : ` Did you mean ${near}?`}`
    })
}

function parseAll(sources: SettingSources, problems: string[]): GivenSettings {
  const given: Record<string, unknown> = {}
  for (const name of settingNames) {
    const setting: Setting<unknown> = settings[name]
    const source = sourceOf(name, sources)
    if (source === null) continue
    const problem = source.text === '' ? 'is set but empty' : problemOfFlag(setting, source)
    const parsed = problem === null ? setting.parse(source.text) : { kind: 'refused' as const, why: problem }
    if (parsed.kind === 'value') given[name] = parsed.value
    else problems.push(`${source.label}: ${parsed.why}.`)
  }
  return given
}

const neverEmpty: readonly SettingName[] = ['secret', 'secretFile', 'databaseUrl', 'databaseUrlFile']

/** An empty variable counts as not set, but not where that would quietly make another key or database. */
function sourceOf(name: SettingName, { env, flags }: SettingSources): Source | null {
  const flag = flags?.[name]
  if (flag !== undefined && settings[name].placeholder !== null) return { label: flagOf(name), text: flag }
  const { variable } = settings[name]
  const text = env[variable]?.trim()
  const given = text !== undefined && (text !== '' || neverEmpty.includes(name))
  return given ? { label: variable, text } : null
}

function problemOfFlag(setting: Setting<unknown>, source: Source): string | null {
  const isFlag = source.label.startsWith('--')
  return isFlag && setting.secret === true && /^[a-z]+:\/\/[^/@]*:[^/@]*@|[?&]password=/i.test(source.text)
    ? `must not hold a password, which every user of this machine could see: use ${setting.variable}`
    : null
}

const mentions = (problems: readonly string[], name: SettingName): boolean =>
  problems.some(
    (line) => line.startsWith(`${settings[name].variable}:`) || line.startsWith(`${flagOf(name)}:`),
  )

function rootKeyOf(given: GivenSettings, problems: string[]): Settings['rootKey'] {
  if (given.secret !== undefined && given.secretFile !== undefined)
    problems.push('NIGHTLATCH_SECRET and NIGHTLATCH_SECRET_FILE: only one of them may be set.')
  if (given.secret !== undefined) return { kind: 'given', keys: given.secret, path: null }
  if (given.secretFile === undefined) return { kind: 'file', path: join(placeOf(given).folder, 'root-key') }
  const read = readRootKeyFile(given.secretFile)
  if (read.kind === 'keys') return { kind: 'given', keys: read.keys, path: given.secretFile }
  problems.push(`NIGHTLATCH_SECRET_FILE: ${given.secretFile} ${read.why}.`)
  return { kind: 'given', keys: [], path: null }
}

const placeOf = ({ data }: GivenSettings): DataPlace => data ?? dataPlace('nightlatch-data')

/** Browsers give a cookie only to its domain and below, so the sign-in host has to lie there. */
function problemOfCookieDomain(given: GivenSettings): readonly string[] {
  const { cookieDomain: domain } = given
  if (domain === undefined) return []
  const host = hostOf(given)
  return host === domain || host.endsWith(`.${domain}`)
    ? []
    : [`NIGHTLATCH_COOKIE_DOMAIN: must be a parent of the origin's host ${host}, which ${domain} is not.`]
}

/** WebAuthn §5.1.3: the host itself, or a parent of it that one can register. */
function problemOfRpId(given: GivenSettings): readonly string[] {
  const { rpId } = given
  const host = hostOf(given)
  if (rpId === undefined || rpId === host) return []
  const isParent = host.endsWith(`.${rpId}`) && rpId.includes('.') && !isPublicSuffix(rpId)
  return isParent
    ? []
    : [
        `NIGHTLATCH_RP_ID: must be the origin's host ${host} or a parent domain of it that is yours, which ${rpId} is not.`,
      ]
}

/** SQLite has one writer at a time, and whoever waits for it stands still. */
const problemOfWorkers = ({ workers = 1, databaseUrl }: GivenSettings): readonly string[] =>
  workers === 1 || databaseUrl !== undefined
    ? []
    : [
        'NIGHTLATCH_WORKERS: more than one needs PostgreSQL (NIGHTLATCH_DATABASE_URL): SQLite has one writer at a time, ' +
          'for whom the others would stand still.',
      ]

/** Both files or none; and what is served by https has an https origin, or no cookie would come back. */
function problemsOfTlsSettings(
  given: GivenSettings,
  known: readonly string[],
  serves: boolean,
): readonly string[] {
  const { tlsCert: certFile, tlsKey: keyFile, redirectPort, origin } = given
  const isWrong = mentions(known, 'tlsCert') || mentions(known, 'tlsKey')
  if (isWrong) return []
  if (certFile === undefined && keyFile === undefined)
    return redirectPort === undefined
      ? []
      : ['NIGHTLATCH_REDIRECT_PORT: leads to https, which NIGHTLATCH_TLS_CERT switches on.']
  if (keyFile === undefined) return ['NIGHTLATCH_TLS_KEY: must be set, because NIGHTLATCH_TLS_CERT is.']
  if (certFile === undefined) return ['NIGHTLATCH_TLS_CERT: must be set, because NIGHTLATCH_TLS_KEY is.']
  const problems = serves ? problemsOfTls({ certFile, keyFile }) : []
  const isPlain = origin?.startsWith('http:') === true
  return isPlain
    ? [`NIGHTLATCH_ORIGIN: must be https, because NIGHTLATCH_TLS_CERT is set, not ${origin}.`, ...problems]
    : problems
}

/** An address that nobody has confirmed proves nothing. */
const problemOfRegistration = ({ registration }: GivenSettings, hasMail: boolean): readonly string[] =>
  registration?.mode === 'domain' && !hasMail
    ? [
        'NIGHTLATCH_SMTP_URL: must be set, because NIGHTLATCH_REGISTRATION asks for addresses of a domain, which a mail confirms.',
      ]
    : []

const hostOf = ({ origin }: GivenSettings): string => new URL(origin ?? 'http://localhost').hostname

interface AlsoRead {
  readonly rootKey: Settings['rootKey']
  readonly told: Told
}

const usual = {
  host: '127.0.0.1',
  port: 3000,
  basePath: '',
  issuer: 'Nightlatch',
  mfa: 'required' as const,
  passwordReset: 'on' as const,
  weeklyReport: 'on' as const,
  trustedProxies: { size: 0, has: () => false },
  passkeys: 'sign-in' as const,
  passkeyKind: 'any' as const,
  formerOrigins: [],
  cookieDomain: null,
  hsts: 'host' as const,
  contact: '',
  registration: { mode: 'off' as const, domains: [] },
  logLevel: 'info' as const,
  keepAlive: 150,
  workers: 1,
  headerLimit: 32 * 1024,
  connections: 10_000,
  connectionsPerAddress: 1000,
}

/** Here every setting is taken up: one that is described, and that nothing reads, does not compile. */
function withDefaults(given: GivenSettings, { rootKey, told }: AlsoRead): Settings {
  const all = { ...usual, ...given }
  const { host, port, basePath, issuer, mfa, trustedProxies, cookieDomain, logLevel, ...more } = all
  const { hsts, contact, keepAlive, headerLimit, connections, connectionsPerAddress, ...most } = more
  const server = {
    ...{ keepAliveSeconds: keepAlive, headerLimitBytes: headerLimit },
    ...{ connections, connectionsPerAddress },
  }
  const { passkeys: use, passkeyKind: kind, rpId = hostOf(given), formerOrigins, ...others } = most
  const { tlsCert: certFile, tlsKey: keyFile, redirectPort = null, workers, ...remaining } = others
  const { origin, data, databaseUrl, smtpUrl, mailFrom, registration, ...last } = remaining
  const { passwordReset, weeklyReport, ...elsewhere } = last
  nothingElseIn(elsewhere)
  const { folder, file } = placeOf({ ...(data && { data }) })
  const database = databaseUrl === undefined ? sqlite(file) : { kind: 'postgres' as const, url: databaseUrl }
  const mail = smtpUrl === undefined || mailFrom === undefined ? null : { smtpUrl, from: mailFrom }
  const tls = certFile === undefined || keyFile === undefined ? null : { certFile, keyFile }
  return {
    ...{ host, port, tls, redirectPort, origin: origin ?? localOrigin(port, tls), basePath },
    ...{ dataFolder: folder, database, rootKey, issuer, mfa, passwordReset, weeklyReport },
    passkeys: { use, rpId, formerOrigins, kind },
    registration,
    ...{ trustedProxies, cookieDomain, mail, server, workers, logLevel, hsts, contact, told },
  }
}

const sqlite = (file: string) => ({ kind: 'sqlite' as const, file })

/** By `rootKeyOf` and `withTwins`. */
type TakenUpElsewhere = 'secret' | 'secretFile' | 'databaseUrlFile' | 'smtpUrlFile'

const nothingElseIn = <T extends object>(
  rest: T & { readonly [Name in Exclude<keyof T, TakenUpElsewhere>]: never },
): T => rest

const localOrigin = (port: number, tls: TlsFiles | null): string =>
  new URL(`${tls === null ? 'http' : 'https'}://localhost:${port}`).origin

/** With port 0 the default origin is known only once the server listens. */
export function atPort(read: Settings, port: number): Settings {
  const isDefault = read.origin === localOrigin(read.port, read.tls)
  return { ...read, port, origin: isDefault ? localOrigin(port, read.tls) : read.origin }
}
