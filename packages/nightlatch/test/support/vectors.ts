import { readFileSync } from 'node:fs'

/** Vectors of this folder's `vectors/`, as data. */
export const vectors = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T

/** The secret of RFC 4226 and RFC 6238 that most code vectors are made with. */
export const rfcSecret = Uint8Array.from(Buffer.from('12345678901234567890'))
