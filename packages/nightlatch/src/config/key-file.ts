import { newRootKey, readRootKeyFile, replaceRootKeyFile } from '../crypto/root-key.js'
import type { Settings } from './read.js'

export type KeyFileChange =
  | { readonly kind: 'changed'; readonly path: string }
  /** The key comes from the environment: there is no file to change. */
  | { readonly kind: 'no-file' }
  | { readonly kind: 'refused'; readonly why: string }

/** Puts a new key before those that are in the file. */
export const addRootKey = (settings: Settings): KeyFileChange =>
  change(settings, (keys) => [newRootKey(), ...keys])

/** Leaves the newest key alone in the file. */
export const keepNewestRootKey = (settings: Settings): KeyFileChange =>
  change(settings, (keys) => keys.slice(0, 1))

type Keys = Parameters<typeof replaceRootKeyFile>[1]

function change({ rootKey }: Settings, changed: (keys: Keys) => Keys): KeyFileChange {
  const { path } = rootKey
  if (path === null) return { kind: 'no-file' }
  const read = readRootKeyFile(path)
  if (read.kind === 'refused') return { kind: 'refused', why: `the root key file ${path} ${read.why}` }
  try {
    replaceRootKeyFile(path, changed(read.keys))
    return { kind: 'changed', path }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return { kind: 'refused', why: `the root key file ${path} cannot be written (${code})` }
  }
}
