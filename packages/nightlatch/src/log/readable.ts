import type { CleanFields } from './fields.js'

const colours: Readonly<Record<string, string>> = {
  fatal: '\u001b[31m',
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
}
const dim = '\u001b[2m'
const plain = '\u001b[0m'

/** Characters with which a text could move the cursor, change colours or turn the line around. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** `14:03:07 info  server.listening  origin=http://localhost:3000` */
export function readableLine(line: CleanFields, colour: boolean): string {
  const { time, level, event, ...fields } = line
  const paint = (code: string, text: string): string => (colour ? `${code}${text}${plain}` : text)
  const facts = Object.entries(fields).map(([name, value]) => `${paint(dim, `${name}=`)}${show(value)}`)
  const shownLevel = paint(colours[String(level)] ?? dim, String(level).padEnd(5))
  return [String(time).slice(11, 19), shownLevel, `${show(String(event))} `, ...facts].join(' ').trimEnd()
}

const visible = (text: string): string =>
  text.replace(unprintable, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`)

/** What would look like another field stands in quotes, and ends at none of its own. */
function show(value: string | number): string {
  const text = String(value)
  return /[\s"=]|^$/.test(text) ? `"${visible(text.replace(/["\\]/g, '\\$&'))}"` : visible(text)
}
