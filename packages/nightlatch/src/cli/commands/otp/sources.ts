import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { beginsWithUri, lookForUris, otherKind, type OtpFile, type OtherLine } from '@nightlatch/otp/files'
import type { CliDeps } from '../../framework/deps.js'
import { Refused } from '../../framework/errors.js'
import { stdinText } from '../../framework/input.js'
import { readFileWithTools } from './file-tools.js'
import { textOf } from './text.js'
import { pictureKind, type PictureKind } from './picture-kind.js'
import type { ScannedCode } from './qr-scan.js'

/** Where something stands: a line of a text, a QR code of a picture, an entry of a backup, each counted from 1. */
export interface Place {
  readonly source: string
  readonly line?: number
  readonly code?: number
  readonly entry?: number
}

/** What one argument of `otp read` holds. */
export interface Source {
  readonly name: string
  readonly uris: readonly (Place & { readonly uri: string })[]
  /** Parts of texts that go over several QR codes. */
  readonly pieces: readonly (Place & Required<ScannedCode>)[]
  readonly file?: OtpFile & { parsed: true }
  readonly others: readonly (Place & { readonly why: OtherLine['why'] | 'other-qr' })[]
}

const largestFile = 64 * 1024 * 1024
const isOurs = ({ text, part }: ScannedCode): boolean => part !== undefined || beginsWithUri(text)

/** Asks for the passphrase of an encrypted file, once for all of them: at the terminal, or by standard input. */
export function passphraseAsker(deps: CliDeps, isStdinTaken: boolean): (name: string) => Promise<string> {
  let told: string | null = null
  return async (name) => {
    if (isStdinTaken)
      throw new Refused(
        `${name} is encrypted: name it as a file, so that its passphrase can come by standard input`,
      )
    told ??= deps.stdin.isTTY
      ? await deps.stdin.ask(`Passphrase of ${name}: `, { hidden: true })
      : await stdinText(deps)
    if (told === '') throw new Refused(`${name} is encrypted: pipe its passphrase in`)
    return told
  }
}

/** @throws Refused for what is nothing that can be read */
export async function sourcesOf(deps: CliDeps, arguments_: readonly string[]): Promise<readonly Source[]> {
  const ask = passphraseAsker(deps, arguments_.includes('-'))
  const sources: Source[] = []
  for (const argument of arguments_) sources.push(await openSource(deps, argument, ask))
  return sources
}

async function openSource(
  deps: CliDeps,
  argument: string,
  ask: (name: string) => Promise<string>,
): Promise<Source> {
  if (beginsWithUri(argument) || otherKind(argument) !== null) return sourceOfText('the argument', argument)
  const name = argument === '-' ? 'standard input' : basename(argument)
  const bytes = argument === '-' ? await deps.stdin.read(largestFile) : readFile(argument)
  const kind = pictureKind(bytes)
  if (kind !== null) return sourceOfPicture(name, bytes, kind)
  if (textOf(bytes)?.trim() === '') throw new Refused(`${name} is empty`)
  return sourceOfFile(name, bytes, ask)
}

/** A file that another program wrote; the lines of any other text are looked through for URIs. */
async function sourceOfFile(
  name: string,
  bytes: Uint8Array,
  ask: (name: string) => Promise<string>,
): Promise<Source> {
  const first = await readFileWithTools(bytes)
  const isSealed = !first.parsed && first.why === 'passphrase-needed'
  const file = isSealed ? await readFileWithTools(bytes, await ask(name)) : first
  const text = textOf(bytes)
  if (file.parsed && (file.format !== 'uri-list' || text === null))
    return { name, uris: [], pieces: [], file, others: [] }
  if (file.parsed || file.why === 'unknown-format') {
    if (text !== null) return sourceOfText(name, text)
    throw new Refused(`${name} is neither a picture, nor a text, nor a file of a program that is known here`)
  }
  throw new Refused(
    file.why === 'passphrase-wrong'
      ? `${file.message} for ${name}`
      : `${name} cannot be read: ${file.message}`,
  )
}

function readFile(file: string): Uint8Array {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new Refused(`there is no file ${JSON.stringify(file)}, and it is no otpauth URI`)
  if (stat.isDirectory()) throw new Refused(`${JSON.stringify(file)} is a folder: name the files in it`)
  if (stat.size > largestFile) throw new Refused(`${file} is larger than ${largestFile / 1024 / 1024} MiB`)
  return readFileSync(file)
}

function sourceOfText(source: string, text: string): Source {
  const { uris, others } = lookForUris(text)
  return {
    name: source,
    uris: uris.map((one) => ({ source, ...one })),
    pieces: [],
    others: others.map((one) => ({ source, ...one })),
  }
}

async function sourceOfPicture(source: string, bytes: Uint8Array, kind: PictureKind): Promise<Source> {
  if (kind.kind === 'other')
    throw new Refused(`${source} is ${kind.name}, which cannot be read here: convert it to PNG`)
  // The reader of pictures is large, and most commands need none of it.
  const { scanPicture } = await import('./qr-scan.js')
  const codes = await scanPicture(bytes, kind, isOurs)
  if (codes.length === 0)
    throw new Refused(
      `no QR code was found in ${source}: try a sharper picture, or cut the code out with its white border`,
    )
  const placed = codes.map((code, index) => ({ source, code: index + 1, scanned: code }))
  return {
    name: source,
    uris: placed.flatMap(({ scanned, ...place }) =>
      scanned.part === undefined && isOurs(scanned) ? [{ ...place, uri: scanned.text.trim() }] : [],
    ),
    pieces: placed.flatMap(({ scanned: { text, part }, ...place }) =>
      part === undefined ? [] : [{ ...place, text, part }],
    ),
    others: placed.flatMap(({ scanned, ...place }) =>
      isOurs(scanned) ? [] : [{ ...place, why: 'other-qr' as const }],
    ),
  }
}
