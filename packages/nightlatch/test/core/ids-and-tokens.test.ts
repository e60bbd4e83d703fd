import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { newId, parseId } from '../../src/core/ids.js'
import { Secret } from '../../src/core/secret.js'
import { asciiBytes, asciiText } from '../../src/core/text.js'
import {
  forwardTokenOf,
  hashForwardToken,
  hashSessionToken,
  hashToken,
  newToken,
  parseForwardToken,
  parseToken,
} from '../../src/core/tokens.js'
import { nodePlatform as platform } from '../../src/crypto/platform.js'

/** Random bytes that are not: 0, 1, 2, … */
const counting = { randomBytes: (count: number) => Uint8Array.from({ length: count }, (_one, at) => at) }
const allBits = { randomBytes: (count: number) => new Uint8Array(count).fill(255) }

describe('an identifier', () => {
  it('is 26 characters of base32, five random bits each', () => {
    expect(newId((count) => counting.randomBytes(count))).toBe('abcdefghijklmnopqrstuvwxyz')
    expect(newId((count) => allBits.randomBytes(count))).toBe('7'.repeat(26))
  })

  it('is never made twice', () => {
    const ids = Array.from({ length: 1000 }, () => newId((count) => platform.randomBytes(count)))
    expect(new Set(ids).size).toBe(1000)
    for (const id of ids) expect(parseId(id)).toBe(id)
  })

  it.each([
    ['nothing', ''],
    ['one character less', 'a'.repeat(25)],
    ['one character more', 'a'.repeat(27)],
    ['a capital letter', 'A'.repeat(26)],
    ['digits that base32 lacks', '01890189018901890189018901'],
    ['a line break behind it', `${'a'.repeat(26)}\n`],
    ['a blank before it', ` ${'a'.repeat(26)}`],
    ['a path', '../../../etc/passwd/aaaaaaa'],
    ['a name of every object', '__proto__'],
  ])('from outside is refused: %s', (_what, text) => {
    expect(parseId(text)).toBeNull()
  })
})

describe('a token', () => {
  it('is 43 characters of base64url, six random bits each', () => {
    expect(newToken(counting).reveal()).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq')
    expect(newToken(allBits).reveal()).toBe('_'.repeat(43))
    const high = { randomBytes: (count: number) => counting.randomBytes(count).map((at) => at + 43) }
    expect(newToken(high).reveal()).toBe('rstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUV')
  })

  it('is what a cookie gives back', () => {
    const token = newToken(platform)
    expect(parseToken(token.reveal())?.reveal()).toBe(token.reveal())
  })

  it.each([
    ['no cookie', undefined],
    ['nothing', ''],
    ['one character less', 'a'.repeat(42)],
    ['one character more', 'a'.repeat(44)],
    ['padding', `${'a'.repeat(42)}=`],
    ['plain base64', `${'a'.repeat(42)}+`],
    ['a line break behind it', `${'a'.repeat(43)}\n`],
    ['a line break before it', `\n${'a'.repeat(43)}`],
    ['two of them', `${'a'.repeat(43)},${'a'.repeat(43)}`],
  ])('from outside is refused: %s', (_what, text) => {
    expect(parseToken(text)).toBeNull()
  })

  it('is kept as its SHA-256 only', () => {
    expect(hashToken(platform, new Secret('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })
})

describe('what stands for a session at forward authentication', () => {
  const token = new Secret('a'.repeat(43))

  it('follows from the session token and leads to the same row', () => {
    const forward = forwardTokenOf(platform, token)
    expect(forward.reveal()).toBe(platform.sha256(`forward:${'a'.repeat(43)}`))
    expect(hashForwardToken(platform, forward)).toBe(hashSessionToken(platform, token))
    expect(hashForwardToken(platform, forward)).toBe(platform.sha256(forward.reveal()))
  })

  it('is not what is kept, nor a session token', () => {
    const forward = forwardTokenOf(platform, token)
    expect(forward.reveal()).not.toBe(hashSessionToken(platform, token))
    expect(parseToken(forward.reveal())).toBeNull()
    expect(parseForwardToken(forward.reveal())?.reveal()).toBe(forward.reveal())
  })

  it.each([
    ['no cookie', undefined],
    ['nothing', ''],
    ['one character less', 'a'.repeat(63)],
    ['one character more', 'a'.repeat(65)],
    ['capital letters', 'A'.repeat(64)],
    ['not hexadecimal', 'g'.repeat(64)],
    ['a line break behind it', `${'a'.repeat(64)}\n`],
    ['a line break before it', `\n${'a'.repeat(64)}`],
  ])('is refused: %s', (_what, text) => {
    expect(parseForwardToken(text)).toBeNull()
  })
})

describe('a secret cannot be printed by accident', () => {
  const secret = new Secret('tell nobody')

  it.each([
    ['in a text', () => `${String(secret)}${'' + String(secret)}`],
    ['as JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['by inspection', () => inspect({ secret }, { depth: 9, showHidden: true })],
    ['with a format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['as a kind of object', () => Object.prototype.toString.call(secret)],
    ['by its properties', () => `${Object.entries(secret).join()}${Object.keys(secret).join()}`],
    ['as a clone', () => inspect(structuredClone({ ...secret }))],
  ])('%s', (_how, print) => {
    expect(print()).not.toContain('tell nobody')
  })

  it('and says what it is instead', () => {
    expect(String(secret)).toBe('[secret]')
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}')
    expect(inspect({ secret })).toBe('{ secret: [secret] }')
    expect(Object.prototype.toString.call(secret)).toBe('[object [secret]]')
  })

  it('but is there for whoever asks for it', () => {
    expect(secret.reveal()).toBe('tell nobody')
  })
})

it('plain text becomes bytes and comes back', () => {
  expect([...asciiBytes('k7qm\n~')]).toEqual([107, 55, 113, 109, 10, 126])
  expect(asciiText(asciiBytes('k7qm\n~'))).toBe('k7qm\n~')
  expect(asciiText(asciiBytes(''))).toBe('')
})
