import { day, hour, minute } from './ports/platform.js'

const units = { d: day, h: hour, m: minute } as const

/** `7d`, `12h`, `30m`, `0`. */
export const durationPattern = /^(?:0|(\d{1,4})([dhm]))$/

/** In seconds; null: it is none. */
export function parseDuration(text: string): number | null {
  const match = durationPattern.exec(text)
  if (match === null) return null
  return match[1] === undefined ? 0 : Number(match[1]) * units[match[2] as keyof typeof units]
}
