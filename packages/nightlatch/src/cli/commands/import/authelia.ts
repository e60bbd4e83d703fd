import { isAlias, isMap, isNode, LineCounter, parseDocument, visit, type Document } from 'yaml'
import type { ImportedAuthenticator, ImportedPerson } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { authenticatorSaid, base32Secret, personOf } from './people.js'
import type { TextFile } from './sources.js'

type Value = string | null | readonly Value[] | { readonly [key: string]: Value }

/**
 * Every value is the text that stands there: another schema makes 7 of the person 007. Anchors and tags are no part of
 * these files, and whoever wants them wants something else.
 */
function readYaml({ name, text }: TextFile): {
  readonly value: Value
  readonly lineOf: (key: string) => number
} {
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: true, lineCounter: lines })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? 1
    throw new Refused(
      `${name}, line ${line}: ${problem.code.toLowerCase().replaceAll('_', ' ')}; nothing was imported`,
    )
  }
  refuseAliases(document, name)
  const numbers = linesOfUsers(document, lines)
  return { value: document.toJS() as Value, lineOf: (key) => numbers.get(key) ?? 1 }
}

function refuseAliases(document: Document, name: string): void {
  visit(document, (_key, node) => {
    if (isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor !== undefined))
      throw new Refused(`${name} has YAML anchors, which are not read; nothing was imported`)
  })
}

function linesOfUsers(document: Document, lines: LineCounter): ReadonlyMap<string, number> {
  const users = document.get('users')
  const numbers = new Map<string, number>()
  for (const { key } of isMap(users) ? users.items : []) {
    const range = isNode(key) ? key.range : undefined
    if (range !== undefined && range !== null) numbers.set(String(key), lines.linePos(range[0]).line)
  }
  return numbers
}

const textAt = (value: Value | undefined, key: string): string => {
  const map = mapOf(value)
  const found = map[key]
  return typeof found === 'string' ? found.trim() : ''
}

const mapOf = (value: Value | undefined): { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Value })
    : {}

function groupsOf(value: Value | undefined): readonly string[] {
  const groups = mapOf(value)['groups']
  return Array.isArray(groups) ? groups.filter((one): one is string => typeof one === 'string') : []
}

/** `authelia storage user totp export yaml`: the secret is base64 of the base32 text. */
function authenticatorsOf(value: Value): ReadonlyMap<string, (ImportedAuthenticator | string)[]> {
  const all = new Map<string, (ImportedAuthenticator | string)[]>()
  const list = mapOf(value)['totp_configurations']
  for (const one of Array.isArray(list) ? (list as readonly Value[]) : []) {
    const username = textAt(one, 'username')
    const text = Buffer.from(textAt(one, 'secret'), 'base64').toString('latin1')
    const authenticator = authenticatorSaid({
      type: 'totp',
      secret: base32Secret(text),
      algorithm: textAt(one, 'algorithm') || 'SHA1',
      digits: Number(textAt(one, 'digits') || '6'),
      period: Number(textAt(one, 'period') || '30'),
      counter: 0,
      issuer: textAt(one, 'issuer'),
      name: textAt(one, 'issuer'),
    })
    all.set(username, [...(all.get(username) ?? []), authenticator])
  }
  return all
}

/** The file of users, and the export of their authenticators, in any order. */
export function readAuthelia(files: readonly TextFile[]): readonly ImportedPerson[] {
  const read = files.map((file) => ({ file, ...readYaml(file) }))
  const authenticators = new Map(read.flatMap(({ value }) => [...authenticatorsOf(value)]))
  const people = read.flatMap(({ value, lineOf: line }) => {
    const users = mapOf(mapOf(value)['users'])
    return Object.entries(users).map(([username, user]) => {
      const mine = authenticators.get(username) ?? []
      authenticators.delete(username)
      return personOf({
        place: `line ${line(username)}`,
        username,
        name: textAt(user, 'displayname'),
        email: textAt(user, 'email'),
        groups: groupsOf(user),
        disabled: textAt(user, 'disabled').toLowerCase() === 'true',
        passwordHash: textAt(user, 'password').replace(/^\{CRYPT\}/i, '') || null,
        authenticators: mine,
      })
    })
  })
  const others = [...authenticators].map(([username, mine], index) =>
    personOf({ place: `authenticator ${index + 1}`, username, authenticators: mine }),
  )
  return [...people, ...others]
}
