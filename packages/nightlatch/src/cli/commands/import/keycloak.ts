import type { ImportedAuthenticator, ImportedPerson, People } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { authenticatorSaid, base32Secret, personOf } from './people.js'
import { realmsIn, usersIn } from './realm-users.js'
import { wholeText, type TextFile } from './text-file.js'

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

interface OpenedRealm {
  readonly name: string
  readonly users: Iterable<unknown>
}

/** A realm as Keycloak exports it, in one file or several. Accounts of services are no people. */
export function readKeycloak(files: readonly TextFile[]): People {
  const realms = files.map(open)
  return () => peopleIn(realms)
}

function* peopleIn(realms: readonly OpenedRealm[]): Generator<ImportedPerson> {
  for (const { name, users } of realms) {
    let number = 0
    for (const user of asRefusals(name, users)) {
      number += 1
      const json = objectOf(user)
      if (textOf(json['serviceAccountClientId']) === '') yield userOf(json, `user ${number}`)
    }
  }
}

const cutOff = (name: string, problem: unknown): unknown =>
  problem instanceof SyntaxError
    ? new Refused(`${name} is JSON that is cut off or broken; nothing was imported`)
    : problem

function open(file: TextFile): OpenedRealm {
  const { name, pieces } = file
  try {
    return { name, users: usersIn(pieces) ?? listed(name, JSON.parse(wholeText(file))) }
  } catch (problem) {
    throw cutOff(name, problem)
  }
}

function* asRefusals(name: string, users: Iterable<unknown>): Generator<unknown> {
  try {
    yield* users
  } catch (problem) {
    throw cutOff(name, problem)
  }
}

function listed(name: string, json: unknown): readonly unknown[] {
  const [first, ...others] = realmsIn(json)
  if (first !== undefined && others.length === 0) return first.users
  const names = [first, ...others].flatMap((one) => (one === undefined ? [] : [JSON.stringify(one.name)]))
  throw new Refused(
    names.length === 0
      ? `${name} has no users: export the realm with --users realm_file, or name the files of its users`
      : `${name} has ${names.length} realms with users (${names.slice(0, 5).join(', ')}): export one with --realm; nothing was imported`,
  )
}
