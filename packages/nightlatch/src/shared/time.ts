/** Unix seconds as ISO 8601 in UTC, to the millisecond, as JSON has it: `2026-11-28T22:59:13.000Z`. */
export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** The same to the second, for text that people read: `2026-11-28T22:59:13Z`. */
export const isoSeconds = (seconds: number): string => isoTime(seconds).replace(/\.\d+Z$/, 'Z')

/** `2026-11-28` */
export const isoDate = (seconds: number): string => isoTime(seconds).replace(/T.*$/, '')

/** `2026-11-28 22:59` */
export const isoMinutes = (seconds: number): string =>
  isoTime(seconds)
    .replace('T', ' ')
    .replace(/:\d+\.\d+Z$/, '')
