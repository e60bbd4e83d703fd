import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { Secret } from '../core/secret.js'
import { makeFolder, sync, writeWhole } from '../shared/files.js'

/** 32 random bytes that everything sealed in the database depends on. */
export type RootKey = Secret<Uint8Array>

export const rootKeyBytes = 32

type ParsedRootKeys =
  | { readonly kind: 'keys'; readonly keys: readonly RootKey[] }
  /** A sentence that says what is wrong, without a character of the key. */
  | { readonly kind: 'refused'; readonly why: string }

const refuse = (why: string): ParsedRootKeys => ({ kind: 'refused', why })
/** For a new installation only: another key opens nothing of what is there. */
export const keyAdvice = 'make one with: openssl rand -base64 32'

/** Keys in base64, newest first, separated by commas (in a file also by lines). */
export function parseRootKeys(text: string): ParsedRootKeys {
  const parts = text.split(/[,\n]/).map((part) => part.trim())
  const filled = parts.filter((part) => part !== '')
  if (filled.length === 0) return refuse(`is empty: ${keyAdvice}`)
  const keys: RootKey[] = []
  for (const [index, part] of filled.entries()) {
    const which = filled.length === 1 ? '' : `key ${index + 1} `
    if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(part))
      return refuse(`${which}is not 32 bytes in base64: ${keyAdvice}`)
    keys.push(new Secret(new Uint8Array(Buffer.from(part, 'base64'))))
  }
  const distinct = new Set(keys.map((key) => Buffer.from(key.reveal()).toString('hex')))
  return distinct.size < keys.length ? refuse('holds the same key twice') : { kind: 'keys', keys }
}

/**
 * Text, a repeated pattern or a sequence: each happens to a random key less often than once in 10^13. Such a key is
 * taken (a test may want one), and whoever runs the server hears of it at every start.
 */
export function isGuessable(key: RootKey): boolean {
  const bytes = key.reveal()
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] ?? 0)))
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText || steps.size <= 2 || new Set(bytes).size < 16
}

/** A file of keys that has to be there already. */
export function readRootKeyFile(path: string): ParsedRootKeys {
  try {
    if (fs.statSync(path).size > 65_536) return refuse('is too large to be a key file')
    return parseRootKeys(fs.readFileSync(path, 'utf8'))
  } catch (error) {
    return refuse(`cannot be read (${codeOf(error)})`)
  }
}

/** The key file in the data folder, made with a new random key when there is none. */
export function readOrCreateRootKeyFile(path: string): ParsedRootKeys {
  try {
    if (!fs.existsSync(path)) create(path)
  } catch (error) {
    return refuse(`cannot be written (${codeOf(error)})`)
  }
  return readRootKeyFile(path)
}

/** Only one of several starting servers makes it: a key that was used and is then not there would lock every secret for good. */
function create(path: string): void {
  makeFolder(dirname(path))
  writeWhole(path, `${randomBytes(rootKeyBytes).toString('base64')}\n`, { ifThere: 'leave' })
  sync(dirname(path))
}

/** Writes the keys, newest first, in place of those that the file holds: all of them or none. */
export function replaceRootKeyFile(path: string, keys: readonly RootKey[]): void {
  const text = keys.map((key) => `${Buffer.from(key.reveal()).toString('base64')}\n`).join('')
  writeWhole(path, text, { ifThere: 'replace' })
  sync(dirname(path))
}

export const newRootKey = (): RootKey => new Secret(new Uint8Array(randomBytes(rootKeyBytes)))

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
