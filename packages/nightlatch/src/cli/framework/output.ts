import { isoSeconds } from '../../shared/time.js'
import { styleText } from 'node:util'
import { asCalled } from './called.js'
import type { CliDeps, Out } from './deps.js'

type Style = Parameters<typeof styleText>[0]
type Env = CliDeps['env']

/** Colour is for people at a terminal who did not say no (https://no-color.org), stream by stream. */
export function wantsColour(stream: Out, env: Env): boolean {
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0'
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false
  return stream.isTTY === true
}

export const paint = (deps: CliDeps, style: Style, text: string): string =>
  wantsColour(deps.stdout, deps.env) ? styleText(style, text, { validateStream: false }) : text

export const print = (deps: CliDeps, text: string): void => void deps.stdout.write(`${text}\n`)
/** Messages: commands in them are named as they can be typed here. */
export const tell = (deps: CliDeps, text: string): void => void deps.stderr.write(`${asCalled(deps, text)}\n`)

/** One object a command, with a version that grows when a key changes its meaning. */
export const printJson = (deps: CliDeps, data: Readonly<Record<string, unknown>>): void =>
  print(deps, JSON.stringify({ schemaVersion: 1, ...data }))

/** Lined up on a terminal; one record a line with tabs between for everything else. */
export function printTable(
  deps: CliDeps,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  if (deps.stdout.isTTY !== true) return rows.forEach((row) => print(deps, row.map(printable).join('\t')))
  const all = [head, ...rows].map((row) => row.map(printable))
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)))
  all.forEach((row, index) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
    const line = cells.join('  ').trimEnd()
    print(deps, index === 0 ? paint(deps, 'bold', line) : line)
  })
}

/** Text from outside, without what could move the cursor or turn the line around. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')

/** UTC, to the second; '' when it never happened. */
export const isoTime = (unixSeconds: number): string => (unixSeconds <= 0 ? '' : isoSeconds(unixSeconds))

export const timeOrNull = (unixSeconds: number): string | null => isoTime(unixSeconds) || null

/** "10 minutes fast" */
export function clockInWords(seconds: number): string {
  const off = Math.abs(seconds)
  const [count, unit] =
    off < 120
      ? [off, 'second']
      : off < 7200
        ? [Math.round(off / 60), 'minute']
        : [Math.round(off / 3600), 'hour']
  return `${String(count)} ${unit}${count === 1 ? '' : 's'} ${seconds > 0 ? 'fast' : 'slow'}`
}
