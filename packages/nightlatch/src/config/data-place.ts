import { statSync, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Where the embedded database lies: its folder, in which the generated root key lies too, and its file. */
export interface DataPlace {
  readonly folder: string
  readonly file: string
}

const usualFileName = 'nightlatch.db'
const fileEnding = /\.(?:db3?|sqlite3?)$/i

/**
 * The one reading of "a folder or a file", wherever somebody names one. What is there is what it is; what is not
 * there yet is a file when its name ends as those of databases do (.db, .sqlite), and a folder otherwise.
 */
export function dataPlace(text: string): DataPlace {
  const path = resolve(text)
  const there = lookAt(path)
  const isFile =
    there.kind === 'there' ? there.stats.isFile() : fileEnding.test(basename(path)) && !/[\\/]$/.test(text)
  return isFile ? { folder: dirname(path), file: path } : { folder: path, file: join(path, usualFileName) }
}

/** Not there for certain: what this user may not look at may well be there, and to open it says what is wrong. */
export const isMissing = (path: string): boolean => lookAt(path).kind === 'missing'

type Look = { readonly kind: 'there'; readonly stats: Stats } | { readonly kind: 'missing' | 'hidden' }

function lookAt(path: string): Look {
  try {
    return { kind: 'there', stats: statSync(path) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    return { kind: code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'hidden' }
  }
}
