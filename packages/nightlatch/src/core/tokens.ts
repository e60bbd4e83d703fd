import { Secret } from './secret.js'
import type { Platform } from './ports/platform.js'

/**
 * A bearer token: 256 random bits in base64url. The person's browser holds it; the database holds only its
 * SHA-256, so that a stolen database opens no session (ASVS 5.0 7.2.3).
 */
export type Token = Secret<string>

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const tokenCharacters = 43

/** 43 characters: 256 random bits, six a character. */
export const newToken = (platform: Pick<Platform, 'randomBytes'>): Token =>
  new Secret(randomText(platform, tokenCharacters))

/** Two that are drawn at once. */
export function twoTokens(platform: Pick<Platform, 'randomBytes'>): readonly [Token, Token] {
  const text = randomText(platform, 2 * tokenCharacters)
  return [new Secret(text.slice(0, tokenCharacters)), new Secret(text.slice(tokenCharacters))]
}

function randomText(platform: Pick<Platform, 'randomBytes'>, characters: number): string {
  let text = ''
  for (const byte of platform.randomBytes(characters)) text += alphabet[byte & 63]
  return text
}

/** So much of a trusted device's token stays the same; the rest, 132 random bits, is new at each use. */
const seriesCharacters = 21

/** The next value of a trusted device's cookie: of the same series, and otherwise another one. */
export function nextInSeries(platform: Pick<Platform, 'randomBytes'>, token: Token): Token {
  const fresh = newToken(platform).reveal()
  return new Secret(token.reveal().slice(0, seriesCharacters) + fresh.slice(seriesCharacters))
}

/** What is kept of a series: enough to know any of its values again, and no way back to one. */
export const hashSeries = (platform: Pick<Platform, 'sha256'>, token: Token): string =>
  platform.sha256(`series:${token.reveal().slice(0, seriesCharacters)}`)

/** A token that came from a cookie or a link, or null when it cannot be one. */
export function parseToken(text: string | undefined): Token | null {
  return text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text) ? new Secret(text) : null
}

export function hashToken(platform: Pick<Platform, 'sha256'>, token: Token): string {
  return platform.sha256(token.reveal())
}

/**
 * What stands for a session at forward authentication, on the parent domain's cookie: a hash of the session's
 * token, so that it follows from the session, changes and ends with it, and does not lead back to it. On the
 * sign-in host it opens nothing.
 */
export type ForwardToken = Secret<string>

export const forwardTokenOf = (platform: Pick<Platform, 'sha256'>, session: Token): ForwardToken =>
  new Secret(forwardText(platform, session))

const forwardText = (platform: Pick<Platform, 'sha256'>, session: Token): string =>
  platform.sha256(`forward:${session.reveal()}`)

/** A forward token that came from a cookie, or null when it cannot be one. */
export function parseForwardToken(text: string | undefined): ForwardToken | null {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? new Secret(text) : null
}

export const hashForwardToken = onceEach((platform, token: ForwardToken) => platform.sha256(token.reveal()))

/** What is kept of a session's token: session token → forward token → this, and never back. */
export const hashSessionToken = onceEach((platform, token: Token) =>
  platform.sha256(forwardText(platform, token)),
)

type Hash = (platform: Pick<Platform, 'sha256'>, token: Secret<string>) => string

/** Whoever holds on to a token has its hash again at once. */
function onceEach(hash: Hash): Hash {
  const known = new WeakMap<Secret<string>, string>()
  return (platform, token) => {
    const before = known.get(token)
    if (before !== undefined) return before
    const hashed = hash(platform, token)
    known.set(token, hashed)
    return hashed
  }
}
