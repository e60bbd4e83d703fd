/** What the decisions need from outside and must never reach for themselves. */
export interface Platform {
  /** Unix time in whole seconds. */
  nowSeconds(): number
  /** Cryptographically secure random bytes. */
  randomBytes(count: number): Uint8Array
  /** SHA-256 of UTF-8 text, as 64 lower-case hexadecimal characters. */
  sha256(text: string): string
  /** A domain name in its ASCII form (IDNA), or '' when it is not a domain name. */
  domainToAscii(domain: string): string
}

/** Who is on the other end of a request, as far as we can know. */
export interface Client {
  /** The peer's IP address, after trusted proxies. */
  readonly address: string
  readonly userAgent: string
}

export const minute = 60
export const hour = 60 * minute
export const day = 24 * hour

/** So far may the clock have been set back since, before an end that was set by it is not believed any more. */
const clockToleranceSeconds = hour

/** Still to come, and no further ahead than it can be: a clock that was ten years fast makes nothing last so long. */
export const isStillToCome = (end: number, now: number, longestSeconds: number): boolean =>
  now < end && end - now <= longestSeconds + clockToleranceSeconds
