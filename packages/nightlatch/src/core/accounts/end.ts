import { day, hour, minute } from '../ports/platform.js'

const span = /^(\d{1,4})([dh])$/
const date = /^(\d{4})-(\d\d)-(\d\d)$/
const moment = /^(.{10})T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** The end of the year 9999. */
const latest = 253_402_300_799

/**
 * When something ends, as people write it: a date (its first moment in UTC, as for `chage -E`), a moment of ISO 8601, or
 * `90d` or `12h` from now. Unix seconds; null: it is none of them.
 */
export function parseEnd(text: string, now: number): number | null {
  const given = text.trim()
  const [, count, unit] = span.exec(given) ?? []
  if (count !== undefined) return now + Number(count) * (unit === 'd' ? day : hour)
  const at = parseMoment(given) ?? parseDate(given)
  return at !== null && at > 0 && at <= latest ? at : null
}

function parseMoment(text: string): number | null {
  const [, on = '', hours, minutes, seconds, zone = ''] = moment.exec(text) ?? []
  const midnight = parseDate(on)
  return midnight === null ? null : midnight + ofDay(hours, minutes) + numberOf(seconds) - offset(zone)
}

const ofDay = (hours: string | undefined, minutes: string | undefined): number =>
  numberOf(hours) * hour + numberOf(minutes) * minute

/** `Z`, `+02:00`, `-05:30` */
const offset = (zone: string): number =>
  zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * ofDay(zone.slice(1, 3), zone.slice(4))

function parseDate(text: string): number | null {
  const parts = date.exec(text)
  if (parts === null) return null
  const [year = 0, month = 0, dayOfMonth = 0] = parts.slice(1).map(numberOf)
  return isDay(year, month, dayOfMonth) ? daysSince1970(year, month, dayOfMonth) * day : null
}

const numberOf = (digits: string | undefined): number => Number(digits ?? '0')

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const isDay = (year: number, month: number, dayOfMonth: number): boolean =>
  dayOfMonth >= 1 && dayOfMonth <= (lengths[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0)

/** Of the Gregorian calendar; years begin in March here, so that the leap day is the last one. */
function daysSince1970(year: number, month: number, dayOfMonth: number): number {
  const years = month <= 2 ? year - 1 : year
  const months = (month + 9) % 12
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400)
  return years * 365 + leapDays + Math.floor((153 * months + 2) / 5) + dayOfMonth - 1 - 719_468
}
