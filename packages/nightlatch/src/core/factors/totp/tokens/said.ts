import { algorithmNamed, decodeBase32, secretStrength } from '@nightlatch/otp'
import { parseDisplayName } from '../../../accounts/account.js'
import type { TokenSaid } from './drawer.js'

/** A token as a program says it; whatever is missing is as most tokens have it. */
interface TokenWords {
  readonly serial: string
  /** Base32. */
  readonly secret: string
  readonly maker?: string | undefined
  readonly type?: 'totp' | 'hotp' | undefined
  readonly algorithm?: string | undefined
  readonly digits?: number | undefined
  readonly period?: number | undefined
  readonly counter?: number | undefined
}

type TokenMistake = 'bad-secret' | 'bad-algorithm'

/** What the drawer takes, or what is wrong with it. */
export function tokenSaidOf(words: TokenWords, place: string): TokenSaid | TokenMistake {
  const { serial, type = 'totp', digits = 6, period = 30, counter = 0 } = words
  const secret = decodeBase32(words.secret)
  if (secret === null || secretStrength(secret.length * 8) === 'too-short') return 'bad-secret'
  const algorithm = algorithmNamed(words.algorithm ?? 'SHA1')
  if (algorithm === null) return 'bad-algorithm'
  const maker = parseDisplayName(words.maker ?? '') ?? ''
  const shape = { place, serial, maker, secret, algorithm, digits, drift: 0 }
  return type === 'totp' ? { ...shape, period, counter: null } : { ...shape, period: 30, counter }
}
