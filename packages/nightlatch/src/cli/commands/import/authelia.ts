import { isAlias, isMap, isNode, LineCounter, parseDocument, visit, type Document } from 'yaml'
import type { ImportedAuthenticator, ImportedPerson, People } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { HeldTexts } from './held-texts.js'
import { authenticatorSaid, base32Secret, personOf } from './people.js'
import { wholeText, type TextFile } from './text-file.js'
import { piecesOfYaml, type YamlPiece } from './yaml-pieces.js'
import { readSimpleYaml, type YamlValue as Value } from './yaml-simple.js'

interface Read {
  readonly value: Value
  readonly lineOf: (key: string) => number
}

/** What cannot be read, and where. */
class YamlProblem extends Error {}

/**
 * Every value is the text that stands there: another schema makes 7 of the person 007. Anchors and tags are no part of
 * these files, and whoever wants them wants something else.
 */
function readYaml(name: string, { text, line: first }: YamlPiece): Read {
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: true, lineCounter: lines })
  const problems = problemsInWords(document, (offset) => lines.linePos(offset).line + first - 1)
  if (problems !== '') throw new YamlProblem(`${name}, ${problems}; nothing was imported`)
  refuseAliases(document, name)
  const numbers = linesOfUsers(document, lines)
  return { value: document.toJS() as Value, lineOf: (key) => (numbers.get(key) ?? 1) + first - 1 }
}

/** The first one, and everybody who stands there twice. */
function problemsInWords(document: Document, lineOf: (offset: number) => number): string {
  const all = [...document.errors, ...document.warnings]
  const [problem] = all
  if (problem === undefined) return ''
  const twice = keysTwice(document)
  if (twice.length > 0)
    return twice
      .map(({ key, at }) => `line ${lineOf(at)}: ${JSON.stringify(key)} stands there twice`)
      .join('; ')
  const isTag = problem.code === 'TAG_RESOLVE_FAILED'
  const what = isTag
    ? 'it has YAML tags, which are not read'
    : problem.code.toLowerCase().replaceAll('_', ' ')
  return `line ${lineOf(problem.pos[0])}: ${what}`
}

function keysTwice(document: Document): readonly { readonly key: string; readonly at: number }[] {
  const found: { key: string; at: number }[] = []
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const [text, range] = [String(key), isNode(key) ? key.range : null]
        if (seen.has(text)) found.push({ key: text, at: range?.[0] ?? 0 })
        seen.add(text)
      }
    },
  })
  return found
}

function refuseAliases(document: Document, name: string): void {
  visit(document, (_key, node) => {
    if (isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor !== undefined))
      throw new Refused(`${name} has YAML anchors, which are not read; nothing was imported`)
  })
}

function linesOfUsers(document: Document, lines: LineCounter): ReadonlyMap<string, number> {
  const users = isMap(document.contents) ? document.get('users') : null
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
  return typeof found === 'string' && !isNothing.test(found) ? found.trim() : ''
}

/** YAML's word for it, which is a text like every other in the schema in which this is read. */
const isNothing = /^\s*(?:~|null|NULL)\s*$/

const mapOf = (value: Value | undefined): { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Value })
    : {}

function groupsOf(value: Value | undefined): readonly string[] {
  const groups = mapOf(value)['groups']
  return Array.isArray(groups) ? groups.filter((one): one is string => typeof one === 'string') : []
}

const entriesOf = (value: Value): readonly Value[] => {
  const list = mapOf(value)['totp_configurations']
  return Array.isArray(list) ? (list as readonly Value[]) : []
}

const said = ['secret', 'algorithm', 'digits', 'period', 'issuer'] as const

/** Everybody's are held, because the file of the users may be the other one. */
const inShort = (entry: Value): string =>
  said.map((key) => textAt(entry, key).replaceAll('\n', ' ')).join('\n')

/** `authelia storage user totp export yaml`: the secret is base64 of the base32 text. */
function authenticatorOf(short: string): ImportedAuthenticator | string {
  const [secret = '', algorithm = '', digits = '', period = '', issuer = ''] = short.split('\n')
  const text = Buffer.from(secret, 'base64').toString('latin1')
  return authenticatorSaid({
    type: 'totp',
    secret: base32Secret(text),
    algorithm: algorithm || 'SHA1',
    digits: Number(digits || '6'),
    period: Number(period || '30'),
    counter: 0,
    issuer,
    name: issuer,
  })
}

interface Opened {
  read(): Iterable<Read>
  readonly hasUsers: boolean
  /** Of whom, and what is said of theirs. */
  readonly authenticators: HeldTexts
}

function opened(name: string, read: () => Iterable<Read>): Opened {
  const authenticators = new HeldTexts()
  let [hasUsers, hasAuthenticators] = [false, false]
  for (const { value } of read()) {
    hasUsers ||= mapOf(value)['users'] !== undefined
    hasAuthenticators ||= mapOf(value)['totp_configurations'] !== undefined
    for (const entry of entriesOf(value)) authenticators.add(textAt(entry, 'username'), inShort(entry))
  }
  // Somebody's phone would stay behind, and nobody would know.
  if (!hasUsers && !hasAuthenticators) throw new Refused(`${name} ${isNeither}; nothing was imported`)
  return { read, hasUsers, authenticators }
}

const isNeither =
  'has neither users nor totp_configurations: give users_database.yml, and what `authelia storage user totp export yaml` wrote'

/** In pieces, where all of them can be read so; in one, where not: then the problem is the one of the whole file. */
function open(file: TextFile): Opened {
  const { name } = file
  try {
    return opened(name, () => eachPiece(name, file))
  } catch (problem) {
    if (!(problem instanceof YamlProblem)) throw problem
    const whole = [asRefusal(() => readYaml(name, { text: wholeText(file), line: 1 }))]
    return opened(name, () => whole)
  }
}

function asRefusal<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (problem) {
    throw problem instanceof YamlProblem ? new Refused(problem.message) : problem
  }
}

function* eachPiece(name: string, file: TextFile): Generator<Read> {
  for (const piece of piecesOfYaml(file.pieces())) yield readSimple(piece) ?? readYaml(name, piece)
}

function readSimple({ text, line }: YamlPiece): Read | null {
  const read = readSimpleYaml(text)
  return read && { value: read.value, lineOf: (key) => (read.lines.get(key) ?? 1) + line - 1 }
}

/** The file of users, and the export of their authenticators, in any order. */
export function readAuthelia(files: readonly TextFile[]): People {
  const opened = files.map(open)
  return () => peopleIn(opened)
}

function* peopleIn(opened: readonly Opened[]): Generator<ImportedPerson> {
  const all = opened.map(({ authenticators }) => authenticators)
  const of = (username: string): readonly string[] => all.flatMap((one) => one.of(username))
  for (const one of all) one.forgetAsked()
  for (const { read, hasUsers } of opened)
    for (const { value, lineOf } of hasUsers ? read() : [])
      for (const [username, user] of Object.entries(mapOf(mapOf(value)['users'])))
        yield userOf(user, { place: `line ${lineOf(username)}`, username, mine: of(username) })
  let number = 0
  for (const one of all)
    for (const username of one.unasked()) {
      number += 1
      const place = `authenticator ${number}`
      yield personOf({ place, username, authenticators: of(username).map(authenticatorOf) })
    }
}

interface Named {
  readonly place: string
  readonly username: string
  readonly mine: readonly string[]
}

/** Authelia's reader takes YAML's older words as well; whoever is not surely let in there is not let in here. */
const isOff = /^(?:|false|no|n|off)$/i

const userOf = (user: Value, { place, username, mine }: Named): ImportedPerson =>
  personOf({
    place,
    username,
    name: textAt(user, 'displayname'),
    email: textAt(user, 'email'),
    groups: groupsOf(user),
    disabled: !isOff.test(textAt(user, 'disabled')),
    passwordHash: textAt(user, 'password').replace(/^\{CRYPT\}/i, '') || null,
    authenticators: mine.map(authenticatorOf),
  })
