import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { readBackup, type ParsedBackup } from '@nightlatch/otp/imports'
import type { CliDeps } from '../../framework/deps.js'
import { Refused } from '../../framework/errors.js'
import { beginsWithUri, lookForUris, textOf, type OtherLine } from './text.js'
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
  readonly backup?: ParsedBackup & { parsed: true }
  readonly others: readonly (Place & { readonly why: OtherLine['why'] | 'other-qr' })[]
}

const largestFile = 64 * 1024 * 1024
const isOurs = ({ text, part }: ScannedCode): boolean => part !== undefined || beginsWithUri(text)

/** @throws Refused for what is nothing that can be read */
export async function openSource(deps: CliDeps, argument: string): Promise<Source> {
  if (beginsWithUri(argument)) return sourceOfText('the argument', argument)
  const name = argument === '-' ? 'standard input' : basename(argument)
  const bytes = argument === '-' ? await deps.stdin.read(largestFile) : readFile(argument)
  const kind = pictureKind(bytes)
  if (kind !== null) return sourceOfPicture(name, bytes, kind)
  const text = textOf(bytes)
  if (text === null) throw new Refused(`${name} is neither a picture that can be read nor a text`)
  if (text.trim() === '') throw new Refused(`${name} is empty`)
  return sourceOfBackup(name, text) ?? sourceOfText(name, text)
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

const notReadable: Readonly<Record<'encrypted' | 'too-long', string>> = {
  encrypted: 'is an encrypted backup: save it again without a password',
  'too-long': 'is larger than any backup',
}

function sourceOfBackup(source: string, text: string): Source | null {
  if (!/^\ufeff?\s*\{/.test(text)) return null
  const backup = readBackup(text)
  if (backup.parsed) return { name: source, uris: [], pieces: [], backup, others: [] }
  if (backup.why === 'not-a-backup') return null
  throw new Refused(`${source} ${notReadable[backup.why]}`)
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
