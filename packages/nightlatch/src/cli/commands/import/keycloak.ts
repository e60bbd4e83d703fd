import type { ImportedAuthenticator, ImportedPerson } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { authenticatorSaid, base32Secret, personOf } from './people.js'
import { usersIn } from './realm-users.js'
import type { TextFile } from './sources.js'

type Json = Readonly<Record<string, unknown>>

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** What both `secretData` and `credentialData` are: JSON, as a text in JSON. */
function parsed(value: unknown): Json {
  if (typeof value !== 'string') return objectOf(value)
  try {
    return objectOf(JSON.parse(value))
  } catch {
    return {}
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

/** What Keycloak says of a credential; its old versions write it beside each other. */
function credentialOf(credential: Json): { readonly secret: Json; readonly data: Json } {
  if (credential['secretData'] !== undefined)
    return { secret: parsed(credential['secretData']), data: parsed(credential['credentialData']) }
  const { hashedSaltedValue, value, salt, ...data } = credential
  return {
    secret: { value: hashedSaltedValue ?? value, salt },
    data: { ...data, subType: credential['type'] },
  }
}

const adapted = (base64: string): string => base64.replace(/=+$/, '')

/** The first of a list, as Keycloak keeps additional parameters. */
const parameterOf = (data: Json, name: string): string =>
  String(listOf(objectOf(data['additionalParameters'])[name])[0] ?? '')

/** Keycloak's hash in the spelling that everybody reads. */
function hashOf({ secret, data }: ReturnType<typeof credentialOf>): string {
  const [value, salt] = [adapted(textOf(secret['value'])), adapted(textOf(secret['salt']))]
  const algorithm = textOf(data['algorithm'])
  const iterations = String(data['hashIterations'] ?? '')
  if (algorithm === 'argon2') {
    const version = parameterOf(data, 'version') === '1.0' ? 16 : 19
    const settings = `m=${parameterOf(data, 'memory')},t=${iterations},p=${parameterOf(data, 'parallelism')}`
    return `$argon2${parameterOf(data, 'type') || 'id'}$v=${version}$${settings}$${salt}$${value}`
  }
  const name = algorithm === 'pbkdf2' ? 'pbkdf2' : algorithm
  return `$${name}$${iterations}$${salt}$${value}`
}

/** The text itself is the secret, unless it says that it is base32. */
function otpOf(credential: Json): ImportedAuthenticator | string {
  const { secret, data } = credentialOf(credential)
  const text = textOf(secret['value'])
  const isBase32 = textOf(data['secretEncoding']).toUpperCase() === 'BASE32'
  const type = textOf(data['subType']).toLowerCase() === 'hotp' ? 'hotp' : 'totp'
  return authenticatorSaid({
    type,
    secret: isBase32 ? base32Secret(text) : new TextEncoder().encode(text),
    algorithm: textOf(data['algorithm']) || 'SHA1',
    digits: Number(data['digits'] ?? 6),
    period: type === 'hotp' ? 30 : Number(data['period'] ?? 30),
    counter: Number(data['counter'] ?? 0),
    issuer: '',
    name: textOf(credential['userLabel']),
  })
}

const isOtp = (type: unknown): boolean => type === 'otp' || type === 'totp' || type === 'hotp'

function warningsOf(user: Json, types: readonly unknown[]): readonly string[] {
  return [
    ...(textOf(user['federationLink']) === ''
      ? []
      : ['the password is in the directory that Keycloak asked']),
    ...(types.some((type) => textOf(type).startsWith('webauthn'))
      ? ['passkeys are bound to the old address']
      : []),
    ...(types.includes('recovery-authn-codes') ? ['recovery codes are not taken: new ones can be made'] : []),
  ]
}

function userOf(user: Json, place: string): ImportedPerson {
  const credentials = listOf(user['credentials']).map(objectOf)
  const types = credentials.map(({ type }) => type)
  const password = credentials.find(({ type }) => type === 'password')
  return personOf({
    place,
    username: textOf(user['username']),
    name: [user['firstName'], user['lastName']]
      .map(textOf)
      .filter((part) => part !== '')
      .join(' '),
    email: textOf(user['email']),
    emailVerified: user['emailVerified'] === true,
    groups: listOf(user['groups']).map(textOf),
    disabled: user['enabled'] === false,
    passwordHash: password === undefined ? null : hashOf(credentialOf(password)),
    authenticators: credentials.filter(({ type }) => isOtp(type)).map(otpOf),
    warnings: warningsOf(user, types),
  })
}

/** A realm as Keycloak exports it, in one file or several. Accounts of services are no people. */
export function* readKeycloak(files: readonly TextFile[]): Generator<ImportedPerson> {
  for (const { name, text } of files) {
    let number = 0
    for (const user of realmOf(name, text)) {
      number += 1
      if (textOf(user['serviceAccountClientId']) === '') yield userOf(user, `user ${number}`)
    }
  }
}

function* realmOf(name: string, text: string): Generator<Json> {
  try {
    for (const user of usersIn(text) ?? listed(name, JSON.parse(text))) yield objectOf(user)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Refused(`${name} is JSON that is cut off or broken; nothing was imported`)
  }
}

function listed(name: string, json: unknown): readonly unknown[] {
  const { users } = objectOf(Array.isArray(json) ? json.find((one) => 'users' in objectOf(one)) : json)
  if (Array.isArray(users)) return users as unknown[]
  throw new Refused(
    `${name} has no users: export the realm with --users realm_file, or name the files of its users`,
  )
}
