import { readFileSync, statSync } from 'node:fs'
import type { Parsed } from './parsed.js'
import { refuse } from './parsed.js'

const largest = 65_536

/** A setting whose value lies in a file, as systems that keep secrets mount it. */
export function parseFile<T>(path: string, parse: (text: string) => Parsed<T>): Parsed<T> {
  try {
    if (statSync(path).size > largest) return refuse(`${path} is too large to hold one value`)
    const text = readFileSync(path, 'utf8').trim()
    const parsed: Parsed<T> = text === '' ? refuse('is empty') : parse(text)
    return parsed.kind === 'value' ? parsed : refuse(`${path} ${parsed.why}`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return refuse(`${path} cannot be read (${code})`)
  }
}
