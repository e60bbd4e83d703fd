import { encodeBase32 } from '@nightlatch/otp'
import type { ExportedAccount, ExportedAuthenticator } from '../../../core/accounts/export.js'

/** What a hash was made with, and what came of it, as Keycloak says it. */
interface Said {
  readonly algorithm: string
  readonly iterations: string | undefined
  readonly salt: string
  readonly value: string
  readonly parameters?: Readonly<Record<string, string>>
}

const argon2Of = (
  kind: string,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  hash: kind,
  version: given['v'] === '16' ? '1.0' : '1.3',
  type: kind,
  parallelism: given['p'] ?? '',
  memory: given['m'] ?? '',
})

const pairsOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(text.split(',').map((pair) => pair.split('=') as [string, string]))

/** Ours, and what was taken over as it is. What lies wrapped in argon2id, or is of a kind of its own, stays behind. */
function said(hash: string): Said | null {
  const ours = /^\$argon2(id)\$(v=19)\$([mtp=\d,]+)\$([^$]+)\$([^$]+)$/.exec(hash)
  const kept = /^\$old\$argon2(id|i|d),(v=\d+),([a-z=\d,]+)\$([^$]+)\$([^$]+)$/.exec(hash)
  const [, kind, version, settings, salt = '', value = ''] = ours ?? kept ?? []
  if (kind !== undefined) {
    const given = pairsOf(`${version},${settings}`)
    return { algorithm: 'argon2', iterations: given['t'], salt, value, parameters: argon2Of(kind, given) }
  }
  const pbkdf2 = /^\$old\$(pbkdf2-sha(?:256|512)),i=(\d+),l=\d+\$([^$]*)\$([^$]+)$/.exec(hash)
  return pbkdf2 === null
    ? null
    : { algorithm: pbkdf2[1] ?? '', iterations: pbkdf2[2], salt: pbkdf2[3] ?? '', value: pbkdf2[4] ?? '' }
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64')
const padded = (text: string): string => bytesOf(text).toString('base64')

function passwordCredential(hash: string): readonly object[] {
  const read = said(hash)
  if (read === null) return []
  const { algorithm, iterations, salt, value, parameters } = read
  const all = parameters === undefined ? {} : { ...parameters, 'hash.length': String(bytesOf(value).length) }
  const lists = Object.fromEntries(Object.entries(all).map(([name, text]) => [name, [text]]))
  return [
    {
      type: 'password',
      secretData: JSON.stringify({ value: padded(value), salt: padded(salt), additionalParameters: {} }),
      credentialData: JSON.stringify({
        hashIterations: Number(iterations),
        algorithm,
        additionalParameters: lists,
      }),
    },
  ]
}

/** Whose hash was taken over and cannot go on. */
export const passwordsLeftBehind = (all: readonly ExportedAccount[]): number =>
  all.filter(
    ({ account: { passwordHash } }) => passwordHash.startsWith('$old$') && said(passwordHash) === null,
  ).length

const otpCredential = (one: ExportedAuthenticator): object => ({
  type: 'otp',
  userLabel: one.name,
  secretData: JSON.stringify({ value: encodeBase32(one.secret) }),
  credentialData: JSON.stringify({
    subType: one.counter === null ? 'totp' : 'hotp',
    digits: one.digits,
    counter: one.counter ?? 0,
    period: one.period,
    algorithm: `Hmac${one.algorithm}`,
    secretEncoding: 'BASE32',
  }),
})

function keycloakUser({ account, authenticators }: ExportedAccount): object {
  const [firstName = '', ...rest] = account.name.split(' ')
  return {
    username: account.username.toLowerCase(),
    firstName,
    lastName: rest.join(' '),
    ...(account.email === '' ? {} : { email: account.email, emailVerified: account.emailVerified }),
    enabled: !account.disabled,
    groups: account.groups.map((group) => (group.startsWith('/') ? group : `/${group}`)),
    credentials: [...passwordCredential(account.passwordHash), ...authenticators.map(otpCredential)],
  }
}

export const realmOf = (all: readonly ExportedAccount[]): string =>
  `${JSON.stringify({ realm: 'nightlatch', enabled: true, users: all.map(keycloakUser) }, null, 2)}\n`
