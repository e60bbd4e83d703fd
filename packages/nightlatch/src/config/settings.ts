import { parseRootKeys, type RootKey } from '../crypto/root-key.js'
import { addressList, type AddressList } from './addresses.js'
import { refuse, value, type Parsed } from './parsed.js'
import * as parse from './parsers.js'
import { describe, type Setting } from './setting.js'
import { mailSettings } from './mail-settings.js'
import { tlsSettings } from './tls-settings.js'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const rootKeys = (text: string): Parsed<readonly RootKey[]> => {
  const parsed = parseRootKeys(text)
  return parsed.kind === 'keys' ? value(parsed.keys) : refuse(parsed.why)
}

export const settings = {
  host: describe({
    variable: 'NIGHTLATCH_HOST',
    placeholder: 'address',
    help: 'The address to listen on.',
    shownDefault: '127.0.0.1',
    example: '0.0.0.0',
    parse: parse.host,
  }),
  port: describe({
    variable: 'NIGHTLATCH_PORT',
    placeholder: 'number',
    help: 'The port to listen on; 0 takes any free one.',
    shownDefault: '3000',
    example: '8080',
    parse: parse.wholeNumber(0, 65_535),
  }),
  origin: describe({
    variable: 'NIGHTLATCH_ORIGIN',
    placeholder: 'url',
    help:
      'The public origin that browsers see. Cookies, origin checks and links follow it, never the Host header. ' +
      'Plain http only for localhost.',
    shownDefault: 'http://localhost:PORT',
    example: 'https://auth.example.org',
    parse: parse.origin,
  }),
  ...tlsSettings,
  basePath: describe({
    variable: 'NIGHTLATCH_BASE_PATH',
    placeholder: 'path',
    help: 'Where the pages live below the origin: /auth makes it /auth/login and so on.',
    shownDefault: 'empty',
    example: '/auth',
    parse: parse.basePath,
  }),
  data: describe({
    variable: 'NIGHTLATCH_DATA',
    placeholder: 'folder',
    help:
      'The folder of the embedded database and of the generated root key; or the file of the database itself, ' +
      'where it has another name than nightlatch.db.',
    shownDefault: './nightlatch-data',
    example: '/var/lib/nightlatch',
    parse: parse.place,
  }),
  databaseUrl: describe({
    variable: 'NIGHTLATCH_DATABASE_URL',
    placeholder: 'url',
    help: 'A PostgreSQL database instead of the embedded one. One with a password belongs in the environment.',
    shownDefault: 'the SQLite file in the data folder',
    example: 'postgres://nightlatch:password@db.example.org/nightlatch',
    secret: true,
    parse: parse.postgresUrl,
  }),
  databaseUrlFile: describe({
    variable: 'NIGHTLATCH_DATABASE_URL_FILE',
    placeholder: 'file',
    help: 'A file that holds the address of the database, instead of the variable.',
    shownDefault: 'none',
    example: '/run/secrets/nightlatch-database',
    parse: parse.path,
  }),
  secret: describe({
    variable: 'NIGHTLATCH_SECRET',
    placeholder: null,
    help: 'The root key: 32 bytes in base64. Several, separated by commas, newest first, while keys are rotated.',
    shownDefault: 'a generated file in the data folder',
    example: '(openssl rand -base64 32)',
    secret: true,
    parse: rootKeys,
  }),
  secretFile: describe({
    variable: 'NIGHTLATCH_SECRET_FILE',
    placeholder: 'file',
    help: 'A file that holds the root key, instead of the variable.',
    shownDefault: 'none',
    example: '/run/secrets/nightlatch',
    parse: parse.path,
  }),
  issuer: describe({
    variable: 'NIGHTLATCH_ISSUER',
    placeholder: 'name',
    help: 'The name that authenticator apps show.',
    shownDefault: 'Nightlatch',
    example: 'Example Inc.',
    parse: parse.issuer,
  }),
  mfa: describe({
    variable: 'NIGHTLATCH_MFA',
    placeholder: 'choice',
    help:
      'required: every account has a second factor, and the first sign-in sets it up. ' +
      'optional: people choose.',
    shownDefault: 'required',
    example: 'optional',
    parse: parse.oneOf(['required', 'optional']),
  }),
  passkeys: describe({
    variable: 'NIGHTLATCH_PASSKEYS',
    placeholder: 'choice',
    help:
      'sign-in: a passkey that checks who holds it (by a finger, a face or a PIN) signs in alone. ' +
      'second-factor: passkeys count after the password only. off: none are offered, and none are taken.',
    shownDefault: 'sign-in',
    example: 'second-factor',
    parse: parse.oneOf(['sign-in', 'second-factor', 'off']),
  }),
  passkeyKind: describe({
    variable: 'NIGHTLATCH_PASSKEY_KIND',
    placeholder: 'choice',
    help:
      'any: also passkeys that a password manager copies to the other devices of their owner. ' +
      'device-bound: new ones must stay on the device that makes them, as security keys do.',
    shownDefault: 'any',
    example: 'device-bound',
    parse: parse.oneOf(['any', 'device-bound']),
  }),
  registration: describe({
    variable: 'NIGHTLATCH_REGISTRATION',
    placeholder: 'choice',
    help:
      'Who may make an account of their own at /register. invitation: whoever has the link of an invitation. approval: ' +
      'everybody, and an administrator lets them in. domain:example.org: whoever has an address there, which is ' +
      'confirmed by mail. off: nobody.',
    shownDefault: 'off',
    example: 'invitation',
    parse: parse.registration,
  }),
  rpId: describe({
    variable: 'NIGHTLATCH_RP_ID',
    placeholder: 'domain',
    help:
      "The domain that passkeys are made for: the origin's host, or a parent of it, so that a later move of the " +
      'site within that domain loses none. Passkeys that were made for another one cannot be used.',
    shownDefault: 'the host of the origin',
    example: 'example.org',
    parse: parse.rpId,
  }),
  formerOrigins: describe({
    variable: 'NIGHTLATCH_FORMER_ORIGINS',
    placeholder: 'list',
    help:
      'Earlier origins of this site that still lead here and are still yours, separated by commas: browsers may use ' +
      'its passkeys there, too (/.well-known/webauthn).',
    shownDefault: 'none',
    example: 'https://login.example.org',
    parse: parse.origins,
  }),
  trustedProxies: describe({
    variable: 'NIGHTLATCH_TRUSTED_PROXIES',
    placeholder: 'list',
    help: 'Addresses or CIDR ranges, separated by commas, whose X-Forwarded-* headers count.',
    shownDefault: 'none',
    example: '10.0.0.0/8, fd00::/8',
    parse: addressList,
  }),
  cookieDomain: describe({
    variable: 'NIGHTLATCH_COOKIE_DOMAIN',
    placeholder: 'domain',
    help: 'The parent domain, for forward authentication across subdomains: it gets a cookie of its own.',
    shownDefault: 'none',
    example: 'example.org',
    parse: parse.cookieDomain,
  }),
  ...mailSettings,
  keepAlive: describe({
    variable: 'NIGHTLATCH_KEEP_ALIVE',
    placeholder: 'seconds',
    help:
      'How long a connection is kept between two requests. Longer than the proxy in front keeps it ' +
      '(Caddy 120, Traefik 90, nginx 60), or a request now and then meets a connection that is just being closed.',
    shownDefault: '150',
    example: '620',
    parse: parse.wholeNumber(1, 3600),
  }),
  workers: describe({
    variable: 'NIGHTLATCH_WORKERS',
    placeholder: 'number',
    help:
      'How many processes serve at this port; auto: as many as the machine has cores. More than one needs PostgreSQL. ' +
      'They share the bounds on connections evenly.',
    shownDefault: '1',
    example: 'auto',
    parse: parse.workers,
  }),
  headerLimit: describe({
    variable: 'NIGHTLATCH_HEADER_LIMIT',
    placeholder: 'bytes',
    help: 'How large the address and the headers of a request may be, all together. Above it: 431.',
    shownDefault: '32768',
    example: '65536',
    parse: parse.wholeNumber(8192, 1_048_576),
  }),
  connections: describe({
    variable: 'NIGHTLATCH_CONNECTIONS',
    placeholder: 'number',
    help:
      'How many connections may be open at once; never more than the descriptors of the process allow. ' +
      'At the bound, the one that has waited longest without a request makes room.',
    shownDefault: '10000',
    example: '2000',
    parse: parse.wholeNumber(10, 1_000_000),
  }),
  connectionsPerAddress: describe({
    variable: 'NIGHTLATCH_CONNECTIONS_PER_ADDRESS',
    placeholder: 'number',
    help: 'The same for one address (IPv6: one /64). Trusted proxies are not bounded.',
    shownDefault: '1000',
    example: '200',
    parse: parse.wholeNumber(10, 1_000_000),
  }),
  hsts: describe({
    variable: 'NIGHTLATCH_HSTS',
    placeholder: 'choice',
    help:
      'Whom browsers then reach by https only (Strict-Transport-Security, two years), where the origin is https. ' +
      'host: the host of the origin, at every port of it. subdomains: every host below it as well. ' +
      'off: the header is not sent, for example because the proxy in front sends its own.',
    shownDefault: 'host',
    example: 'subdomains',
    parse: parse.oneOf(['host', 'subdomains', 'off']),
  }),
  contact: describe({
    variable: 'NIGHTLATCH_CONTACT',
    placeholder: 'text',
    help:
      'How to reach the person who runs the site: a mail address, an https address or a few words. It stands on the ' +
      'help page, where somebody is refused, and in mails.',
    shownDefault: 'none',
    example: 'help@example.org',
    parse: parse.contact,
  }),
  logLevel: describe({
    variable: 'NIGHTLATCH_LOG_LEVEL',
    placeholder: 'level',
    help:
      `How much goes to the log: ${logLevels.join(', ')}. ` +
      'No secret, code, password, token or cookie at any level.',
    shownDefault: 'info',
    example: 'debug',
    parse: parse.oneOf(logLevels),
  }),
}

export type SettingName = keyof typeof settings
export const settingNames = Object.keys(settings) as SettingName[]

/** The values as parsed, one by one; a setting that was not given is missing. */
export type GivenSettings = {
  readonly [Name in SettingName]?: (typeof settings)[Name] extends Setting<infer T> ? T : never
}

/** `--trusted-proxies` for `trustedProxies`. */
export const flagOf = (name: SettingName): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

export type { AddressList, Setting }
