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

/** The same object with a list in it that may be long. */
export function printJsonList(deps: CliDeps, { before, name, list, behind }: JsonList): void {
  deps.stdout.write(
    `${JSON.stringify({ schemaVersion: 1, ...before }).slice(0, -1)},${JSON.stringify(name)}:[`,
  )
  let isFirst = true
  for (const one of list) {
    deps.stdout.write(`${isFirst ? '' : ','}${JSON.stringify(one)}`)
    isFirst = false
  }
  print(deps, `],${JSON.stringify(behind).slice(1)}`)
}

interface JsonList {
  readonly before: Readonly<Record<string, unknown>>
  readonly name: string
  readonly list: Iterable<unknown>
  readonly behind: Readonly<Record<string, unknown>>
}

/** Lined up on a terminal; one record a line with tabs between for everything else. */
export function printTable(deps: CliDeps, head: readonly string[], rows: Iterable<readonly string[]>): void {
  const isTerminal = deps.stdout.isTTY === true
  if (!isTerminal) {
    printMany(deps, rows)
    return
  }
  const widths = head.map(lengthOf)
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, lengthOf(printable(cell)))
    })
  const lineOf = (row: readonly string[]): string =>
    row
      .map(printable)
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)))
      .join('  ')
      .trimEnd()
  print(deps, paint(deps, 'bold', lineOf(head)))
  for (const row of rows) print(deps, lineOf(row))
}

/** A write for each of a hundred thousand lines takes longer than the lines do. */
const writtenAtOnce = 64 * 1024

function printMany(deps: CliDeps, rows: Iterable<readonly string[]>): void {
  let text = ''
  for (const row of rows) {
    text += `${row.map(printable).join('\t')}\n`
    if (text.length < writtenAtOnce) continue
    deps.stdout.write(text)
    text = ''
  }
  if (text !== '') deps.stdout.write(text)
}

const lengthOf = (text: string): number => [...text].length

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
