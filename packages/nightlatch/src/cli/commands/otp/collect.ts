import { encodeBase32, parseOtpauthUri, type OtpAccount } from '@nightlatch/otp'
import { joinMigration, readMigration, type MigrationPart } from '@nightlatch/otp/migration'
import { beginsWithUri, otherKind } from '@nightlatch/otp/files'
import { printable } from '../../framework/output.js'
import type { Place, Source } from './sources.js'
import { inWords } from './words.js'

/** Something that was not taken: where it stands, why in a word that stays, and why in words. */
interface LeftOut extends Place {
  /** What the file calls it. */
  readonly name?: string
  readonly why: string
  readonly message: string
}

export interface Collected {
  readonly accounts: readonly OtpAccount[]
  readonly leftOut: readonly LeftOut[]
  /** For people, on standard error. */
  readonly notes: readonly string[]
}

/** Everything that the sources say, each account once, and everything that was left out. */
export function collect(sources: readonly Source[]): Collected {
  const collection = new Collection(sources.length > 1)
  const parts: MigrationPart[] = []
  for (const source of sources) {
    for (const one of source.others) collection.leaveOut(one, one.why, inWords(one.why))
    for (const one of source.uris) readUri(collection, parts, one)
    if (source.file !== undefined) addFile(collection, source.name, source.file)
  }
  for (const one of joinPieces(collection, sources)) readUri(collection, parts, one)
  addExports(collection, parts)
  return collection.inOrder(sources)
}

class Collection {
  readonly accounts: OtpAccount[] = []
  readonly notes: string[] = []
  readonly #leftOut: LeftOut[] = []
  readonly #seen = new Map<string, Place>()
  readonly #isNamed: boolean

  /** @param isNamed whether the source has to be said, because there are several */
  constructor(isNamed: boolean) {
    this.#isNamed = isNamed
  }

  add(place: Place, account: OtpAccount): void {
    const key = JSON.stringify(
      { ...account, secret: encodeBase32(account.secret) },
      (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    )
    const before = this.#seen.get(key)
    if (before !== undefined)
      return this.leaveOut(place, 'repeated', `the same account as ${this.name(before)}`)
    this.#seen.set(key, place)
    this.accounts.push(account)
  }

  leaveOut(place: Place & { readonly named?: string }, why: string, words: string): void {
    const { source, line, code, entry, named } = place
    const where = { source, ...(line && { line }), ...(code && { code }), ...(entry && { entry }) }
    const name = named === undefined ? '' : ` (${printable(named)})`
    this.#leftOut.push({
      ...where,
      ...(named === undefined ? {} : { name: named }),
      why,
      message: `${this.name(place)}${name} was left out: ${words}`,
    })
  }

  name({ source, line, code, entry }: Place): string {
    const number = line ?? entry ?? code
    const what = line !== undefined ? 'line' : entry !== undefined ? 'entry' : 'QR code'
    return `${this.#isNamed ? `${source}: ` : ''}${what} ${number ?? 1}`
  }

  inOrder(sources: readonly Source[]): Collected {
    const order = sources.map(({ name }) => name)
    const rank = (one: LeftOut): number =>
      order.indexOf(one.source) * 1e9 + (one.line ?? one.entry ?? one.code ?? 0)
    return {
      accounts: this.accounts,
      leftOut: this.#leftOut.toSorted((one, other) => rank(one) - rank(other)),
      notes: [...new Set(this.notes)],
    }
  }
}

function readUri(
  collection: Collection,
  parts: MigrationPart[],
  place: Place & { readonly uri: string },
): void {
  if (/^otpauth-migration:/i.test(place.uri)) {
    const part = readMigration(place.uri)
    if (part.parsed) parts.push(part)
    else collection.leaveOut(place, part.why, `the export cannot be used: ${inWords(part.why)}`)
    return
  }
  const other = otherKind(place.uri)
  if (other !== null) return collection.leaveOut(place, other, inWords(other))
  const uri = parseOtpauthUri(place.uri)
  if (!uri.parsed) return collection.leaveOut(place, uri.why, inWords(uri.why))
  collection.add(place, uri.account)
  collection.notes.push(...uri.warnings.map(({ message }) => message))
}

function addFile(collection: Collection, source: string, file: NonNullable<Source['file']>): void {
  for (const { place, name, why } of file.leftOut)
    collection.leaveOut({ source, ...place, ...(name === '' ? {} : { named: name }) }, why, inWords(why))
  for (const { place, account } of file.entries) collection.add({ source, ...place }, account)
  collection.notes.push(...file.warnings.map(({ message }) => message))
  const { withoutCode } = file
  if (withoutCode > 0)
    collection.notes.push(
      withoutCode === 1
        ? `1 entry of ${source} has no one-time password.`
        : `${withoutCode} entries of ${source} have no one-time password.`,
    )
}

/** Texts that go over several QR codes, where all of them are there. */
function joinPieces(
  collection: Collection,
  sources: readonly Source[],
): readonly (Place & { readonly uri: string })[] {
  const pieces = sources.flatMap((source) => source.pieces)
  const keyOf = ({ part }: (typeof pieces)[number]): string => `${part.id} of ${part.size}`
  return [...new Set(pieces.map(keyOf))].flatMap((key) => {
    const group = pieces.filter((one) => keyOf(one) === key)
    const [first] = group
    if (first === undefined) return []
    const texts = Array.from(
      { length: first.part.size },
      (_, at) => group.find(({ part }) => part.index === at)?.text,
    )
    if (texts.every((text) => text !== undefined)) {
      const { source, code } = first
      const uri = texts.join('')
      if (beginsWithUri(uri)) return [{ source, ...(code && { code }), uri }]
    }
    for (const one of group) {
      const words = `it is part ${one.part.index + 1} of ${one.part.size} of one text, so that all of them are needed`
      collection.leaveOut(one, 'one-of-several', words)
    }
    return []
  })
}

const isSame = (one: MigrationPart, other: MigrationPart): boolean =>
  joinMigration([
    { ...one, batch: { id: 0, index: 0, size: 1 } },
    { ...other, batch: { id: 0, index: 0, size: 1 } },
  ]).complete

/** Parts with the same batch number belong together, unless two of them claim the same place. */
function groupsOf(parts: readonly MigrationPart[]): readonly (readonly MigrationPart[])[] {
  const groups: MigrationPart[][] = []
  for (const part of parts) {
    const { id, size, index } = part.batch
    const group = groups.find(
      (one) =>
        one.every(({ batch }) => batch.id === id && batch.size === size) &&
        one.every((other) => other.batch.index !== index || isSame(part, other)),
    )
    if (group === undefined) groups.push([part])
    else group.push(part)
  }
  return groups
}

/** The codes of each export, joined; what is missing is said, and what is there is shown. */
function addExports(collection: Collection, parts: readonly MigrationPart[]): void {
  const groups = groupsOf(parts)
  groups.forEach((group, at) => {
    const which = groups.length > 1 ? `Export ${at + 1}` : 'This export'
    const source = groups.length > 1 ? `export ${at + 1}` : 'the export'
    const joined = joinMigration(group)
    const byPlace = [...new Map(group.map((part) => [part.batch.index, part]))].toSorted(
      ([one], [other]) => one - other,
    )
    for (const [, part] of byPlace) {
      for (const { index, why } of part.refused)
        collection.leaveOut({ source, entry: index + 1 }, why, inWords(why))
      part.accounts.forEach((account, index) =>
        collection.add({ source, entry: index + 1 }, withoutExtras(account)),
      )
      collection.notes.push(...part.warnings.map(({ message }) => message))
    }
    if (joined.complete || joined.why !== 'parts-missing') return
    const missing = joined.missing.map((index) => index + 1).join(', ')
    collection.notes.push(`${which} has ${group[0]?.batch.size ?? 0} QR codes; still missing: ${missing}.`)
  })
}

/** Only what a URI of the same account says as well. */
function withoutExtras(account: OtpAccount): OtpAccount {
  const { type, issuer, account: name, secret, strength, algorithm, digits, periodSeconds, counter } = account
  const shape = { type, issuer, account: name, secret, strength, algorithm, digits, periodSeconds }
  return counter === undefined ? shape : { ...shape, counter }
}
