import { isoSeconds } from '../../shared/time.js'
import { html, type Html } from './html.js'

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

const two = (number: number): string => String(number).padStart(2, '0')

const dayWords = (at: Date): string =>
  `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`

const clockWords = (at: Date): string => `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`

/** "22 August 2026", for text files and pages. */
export const dayText = (seconds: number): string => dayWords(new Date(seconds * 1000))

const momentText = (seconds: number): string =>
  `${dayText(seconds)}, ${clockWords(new Date(seconds * 1000))} UTC`

/** The server knows no time zone: it writes UTC, and the script rewrites it as the person's own time. */
export const day = (seconds: number): Html =>
  html`<time datetime="${isoSeconds(seconds)}" data-time="day">${dayText(seconds)}</time>`

export const moment = (seconds: number): Html =>
  html`<time datetime="${isoSeconds(seconds)}" data-time="moment">${momentText(seconds)}</time>`

const clock = (seconds: number): Html =>
  html`<time datetime="${isoSeconds(seconds)}" data-time="clock"
    >${clockWords(new Date(seconds * 1000))} UTC</time
  >`

const count = (number: number, unit: string): string => `${number} ${unit}${number === 1 ? '' : 's'}`

/** "45 seconds", "15 minutes", "1 hour": rounded up, because a wait that ends later than said is a lie. */
export function duration(seconds: number): string {
  if (seconds < 60) return count(Math.max(1, Math.ceil(seconds)), 'second')
  if (seconds < 5400) return count(Math.ceil(seconds / 60), 'minute')
  if (seconds < 129_600) return count(Math.ceil(seconds / 3600), 'hour')
  return count(Math.ceil(seconds / 86_400), 'day')
}

/** "3 minutes", "1 hour", "5 hours and 30 minutes": how far a clock is off. Zones are quarters of an hour apart. */
export function clockError(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60))
  const rounded = minutes < 15 ? minutes : Math.round(minutes / 15) * 15
  const [hours, rest] = [Math.floor(rounded / 60), rounded % 60]
  const parts = [hours > 0 && count(hours, 'hour'), rest > 0 && count(rest, 'minute')]
  return parts.filter((part) => part !== false).join(' and ')
}

/** When a wait ends, and the moment it is looked at, both in Unix seconds. */
export interface Wait {
  readonly untilSeconds: number
  readonly nowSeconds: number
}

/** No clock time says when half a minute is over: it is shown from this many seconds on. */
const shownByClock = 60

/** What the script counts down; without one it says how long the wait was when the page was made. */
const countdown = (seconds: number): Html =>
  html`<span data-countdown="${Math.max(1, Math.ceil(seconds))}">${duration(seconds)}</span>`

/** "You can try again in 30 seconds." "You can try again at 14:32 (in 15 minutes)." Never sooner than one can. */
export function tryAgainWords({ untilSeconds, nowSeconds }: Wait): Html {
  const left = untilSeconds - nowSeconds
  const when =
    left < shownByClock
      ? html`in ${countdown(left)}`
      : html`at ${clock(Math.ceil(untilSeconds / 60) * 60)} <span class="nb">(in ${countdown(left)})</span>`
  return html`<span data-over="You can try again now.">You can try again ${when}.</span>`
}
