import { basename, dirname } from 'node:path'
import type { OtpAccount } from '@nightlatch/otp'
import type { OtpFileEntry } from '@nightlatch/otp/files'
import type { ImportedPerson } from '../../../core/accounts/import-plan.js'
import { Refused } from '../../framework/errors.js'
import { authenticatorOf, personOf, withDrift } from './people.js'
import { linesOf, type TextFile } from './text-file.js'

/** Whose an account of an app is: by its name, its issuer and name, or the serial number of the device. */
export type NameMap = ReadonlyMap<string, string>

/** Two columns, with or without a head: what the file calls it, and the name here. */
export function readMap({ name, pieces }: TextFile): NameMap {
  const map = new Map<string, string>()
  for (const [index, line] of [...linesOf(pieces())].entries()) {
    if (line.trim() === '') continue
    const cells = cellsOf(line)
    const [from = '', to = ''] = cells
    if (cells.length < 2 || to === '')
      throw new Refused(
        `${name}, line ${index + 1}: two columns are needed, the account in the file and the name here`,
      )
    if (index === 0 && /^(?:account|from|serial)$/i.test(from)) continue
    if (map.has(from) && map.get(from) !== to)
      throw new Refused(`${name}, line ${index + 1}: ${from} stands there twice`)
    map.set(from, to)
  }
  return map
}

const cellsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare.trim(),
  )

const spellings = ({ issuer, account }: OtpAccount, serial = ''): readonly string[] =>
  [serial, ...(issuer === '' ? [] : [`${issuer}:${account}`, `${issuer}: ${account}`]), account].filter(
    (one) => one !== '',
  )

/** Whether the map says whose it is. */
export const isNamed = ({ account, holder }: AppEntry, map: NameMap): boolean =>
  spellings(account, holder?.serial).some((one) => map.has(one))

export interface AppEntry {
  readonly account: OtpAccount
  readonly holder?: OtpFileEntry['holder']
}

interface AppPeople {
  readonly people: readonly ImportedPerson[]
  /** Entries that the map does not name. */
  readonly unnamed: readonly string[]
}

/** One person for each name, with all of their entries. Without a map, the name in the file is the name here. */
export function peopleOf(entries: readonly AppEntry[], map: NameMap | null): AppPeople {
  const people = new Map<string, { place: string; entries: AppEntry[] }>()
  const unnamed: string[] = []
  entries.forEach((entry, index) => {
    const { account, holder } = entry
    const username =
      map === null
        ? (holder?.user ?? account.account)
        : spellings(account, holder?.serial).flatMap((one) => map.get(one) ?? [])[0]
    if (username === undefined)
      return void unnamed.push(spellings(account, holder?.serial)[0] ?? `entry ${index + 1}`)
    const there = people.get(username)
    if (there === undefined) people.set(username, { place: `entry ${index + 1}`, entries: [entry] })
    else there.entries.push(entry)
  })
  const all = [...people].map(([username, { place, entries: mine }]) =>
    personOf({
      place,
      username,
      authenticators: mine.map(({ account, holder }) =>
        withDrift(authenticatorOf(account, holder?.serial ?? account.issuer), holder?.driftSteps),
      ),
      warnings: mine.some(({ holder }) => holder?.hasPin === true)
        ? ['a PIN went before the code: it is not asked for here']
        : [],
    }),
  )
  return { people: all, unnamed }
}

/** A file of google-authenticator is called after its owner, or lies in their home. */
export function ownerOf(file: string): string {
  const name = basename(file)
  return name === '.google_authenticator'
    ? basename(dirname(file))
    : name.replace(/\.google_authenticator$/, '')
}
