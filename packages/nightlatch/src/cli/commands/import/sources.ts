import { basename, dirname } from 'node:path'
import type { People } from '../../../core/accounts/import-plan.js'
import type { TokenSaid } from '../../../core/factors/totp/tokens/drawer.js'
import type { CliDeps } from '../../framework/deps.js'
import { Refused, WrongUsage } from '../../framework/errors.js'
import type { OtpFileEntry } from '@nightlatch/otp/files'
import { collect } from '../otp/collect.js'
import { readFileWithTools } from '../otp/file-tools.js'
import { passphraseAsker, sourcesOf } from '../otp/sources.js'
import { inWords } from '../otp/words.js'
import { isNamed, ownerOf, peopleOf, readMap, type AppEntry, type NameMap } from './apps.js'
import { readHtpasswd } from './htpasswd.js'
import { bytesOf, mustBeFile, openText, type TextFile } from './text-file.js'
import { tokensOf } from './tokens.js'

export interface Read {
  readonly people: People
  /** For people, on standard error. */
  readonly notes: readonly string[]
  /** Hardware tokens of nobody: for the drawer. */
  readonly tokens?: readonly TokenSaid[]
  /** To be called when nobody reads it any more. */
  readonly end?: () => Promise<void>
}

interface Given {
  readonly files: readonly string[]
  readonly map: NameMap | null
}

type Reader = (deps: CliDeps, given: Given) => Promise<Read>

/** Servers' files, as text. They are read piece by piece, once for each pass. */
const texts =
  (read: (files: readonly TextFile[]) => People): Reader =>
  (_deps, { files }) => {
    const opened: TextFile[] = []
    const end = (): Promise<void> => {
      for (const file of opened) file.close()
      return Promise.resolve()
    }
    try {
      for (const file of files) opened.push(openText(file))
      return Promise.resolve({ people: read(opened), notes: [], end })
    } catch (problem) {
      return end().then(() => Promise.reject(problem))
    }
  }

/** What is in files of which each entry says whose it is, or which device. */
export async function heldEntries(
  deps: CliDeps,
  files: readonly string[],
): Promise<{ readonly entries: readonly OtpFileEntry[]; readonly notes: readonly string[] }> {
  const ask = passphraseAsker(deps, false)
  const entries: OtpFileEntry[] = []
  const notes: string[] = []
  for (const file of files) {
    const bytes = bytesOf(file)
    const first = await readFileWithTools(bytes)
    const isSealed = !first.parsed && first.why === 'passphrase-needed'
    const read = isSealed ? await readFileWithTools(bytes, await ask(basename(file))) : first
    if (!read.parsed)
      throw new Refused(`${basename(file)} cannot be read: ${read.message}; nothing was imported`)
    entries.push(...read.entries)
    for (const { place, name, why } of read.leftOut)
      notes.push(
        `${Object.entries(place).flat().join(' ')}${name === '' ? '' : ` (${name})`} was left out: ${inWords(why)}.`,
      )
  }
  return { entries, notes }
}

const held: Reader = async (deps, { files, map }) => {
  const { entries, notes } = await heldEntries(deps, files)
  return withPeople(entries, { map, notes })
}

/** Tokens of whom the file, or the map, says who has them; the others lie in the drawer. */
const tokens: Reader = async (deps, { files, map }) => {
  const { entries, notes } = await heldEntries(deps, files)
  const isNobodys = ({ account, holder }: OtpFileEntry): boolean =>
    holder?.serial !== undefined &&
    (map === null ? holder.user === undefined : !isNamed({ account, holder }, map))
  const drawer = tokensOf(entries.filter(isNobodys), notes)
  const others = entries.filter((entry) => !isNobodys(entry))
  return { ...withPeople(others, { map, notes: drawer.notes }), tokens: drawer.tokens }
}

function withPeople(
  entries: readonly AppEntry[],
  { map, notes }: { readonly map: NameMap | null; readonly notes: readonly string[] },
): Read {
  const { people, unnamed } = peopleOf(entries, map)
  const left = unnamed.map((name) => `${name} was left out: the map does not name it.`)
  return { people: () => people, notes: [...notes, ...left] }
}

/** Whatever `otp read` reads. */
const app: Reader = async (deps, { files, map }) => {
  const { accounts, leftOut, notes } = collect(await sourcesOf(deps, files))
  const told = [...leftOut.map(({ message }) => `${message}.`), ...new Set(notes)]
  return withPeople(
    accounts.map((account) => ({ account })),
    { map, notes: told },
  )
}

const googleAuthenticator: Reader = async (_deps, { files, map }) => {
  const entries: AppEntry[] = []
  const leftOut: string[] = []
  for (const file of files) {
    const read = await readFileWithTools(bytesOf(file))
    if (!read.parsed || read.format !== 'google-authenticator')
      throw new Refused(`${basename(file)} is no file of google-authenticator; nothing was imported`)
    const named = ownerOf(file) || basename(dirname(file))
    const user = map?.get(named) ?? named
    entries.push(
      ...read.entries.map(({ account, holder }) => ({
        account: { ...account, account: user },
        holder: { ...holder, user },
      })),
    )
    for (const { why } of read.leftOut) leftOut.push(`${named} was left out: ${inWords(why)}.`)
  }
  const notes = ['Scratch codes are not taken, because they are too short: new recovery codes can be made.']
  return withPeople(entries, { map: null, notes: [...leftOut, ...notes] })
}

const betterAuth: Reader = async ({ env }, { files }) => {
  const [place, ...more] = files
  if (place === undefined || more.length > 0)
    throw new WrongUsage('give one database: a file or a postgres:// address')
  const { openBetterAuth } = await import('./better-auth.js')
  if (!/^postgres(?:ql)?:\/\//i.test(place)) mustBeFile(place)
  return { ...(await openBetterAuth(place, env)), notes: [] }
}

const readers: Readonly<Record<string, Reader>> = {
  authelia: async (deps, given) => texts((await import('./authelia.js')).readAuthelia)(deps, given),
  keycloak: async (deps, given) => texts((await import('./keycloak.js')).readKeycloak)(deps, given),
  htpasswd: texts(readHtpasswd),
  'better-auth': betterAuth,
  'google-authenticator-libpam': googleAuthenticator,
  oath: held,
  pskc: tokens,
  'oath-csv': tokens,
  ...Object.fromEntries(
    [
      'aegis',
      '2fas',
      'andotp',
      'bitwarden',
      'ente',
      'keepassxc',
      'otpauth',
      'google',
      'freeotp',
      'proton',
      'raivo',
      'stratum',
      '1password',
      'lastpass',
    ].map((name) => [name, app]),
  ),
}

export const sourceNames = Object.keys(readers)

/** Systems that have accounts, and not only codes of some. */
export const serverNames: readonly string[] = ['authelia', 'keycloak', 'htpasswd', 'better-auth']

/** Everybody in the files of a source. */
export async function readSource(
  deps: CliDeps,
  source: string,
  given: { readonly files: readonly string[]; readonly mapFile: string | undefined },
): Promise<Read> {
  const reader = Object.hasOwn(readers, source) ? readers[source] : undefined
  if (reader === undefined) throw new WrongUsage(`the source is one of ${sourceNames.join(', ')}`)
  return reader(deps, { files: given.files, map: given.mapFile === undefined ? null : mapOf(given.mapFile) })
}

function mapOf(file: string): NameMap {
  const text = openText(file)
  try {
    return readMap(text)
  } finally {
    text.close()
  }
}
