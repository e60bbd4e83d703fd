import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  isGuessable,
  parseRootKeys,
  readOrCreateRootKeyFile,
  readRootKeyFile,
} from '../../src/crypto/root-key.js'

const key = () => randomBytes(32).toString('base64')

describe('a root key in a setting', () => {
  it('is 32 bytes in base64, with or without padding, in either alphabet', () => {
    const bytes = randomBytes(32)
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      ` ${bytes.toString('base64')}\n`,
    ]) {
      const parsed = parseRootKeys(text)
      expect(parsed.kind === 'keys' && parsed.keys.map((one) => Buffer.from(one.reveal()))).toEqual([bytes])
    }
  })

  it('may come several at a time, newest first', () => {
    const [one, two] = [key(), key()]
    const parsed = parseRootKeys(`${one}, ${two}`)
    const texts = parsed.kind === 'keys' && parsed.keys.map((k) => Buffer.from(k.reveal()).toString('base64'))
    expect(texts).toEqual([one, two])
  })

  it.each([
    ['', 'is empty'],
    [' , ', 'is empty'],
    ['changeme', 'not 32 bytes'],
    [randomBytes(31).toString('base64'), 'not 32 bytes'],
    [randomBytes(33).toString('base64'), 'not 32 bytes'],
    [randomBytes(32).toString('hex'), 'not 32 bytes'],
    [`${key().slice(0, 20)}*${key().slice(21)}`, 'not 32 bytes'],
  ])('is refused when it is %j', (text, why) => {
    const parsed = parseRootKeys(text)
    expect(parsed).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) })
    if (text.length > 20) expect(JSON.stringify(parsed)).not.toContain(text.slice(0, 12))
  })

  it('is refused twice the same', () => {
    const one = key()
    expect(parseRootKeys(`${one},${one}`)).toMatchObject({ why: 'holds the same key twice' })
  })

  const guessable = (text: string): boolean[] => {
    const parsed = parseRootKeys(text)
    return parsed.kind === 'keys' ? parsed.keys.map(isGuessable) : []
  }

  it.each([
    ['zeros', Buffer.alloc(32)],
    ['one byte over and over', Buffer.alloc(32, 0xff)],
    ['a word over and over', Buffer.from('changeme'.repeat(4))],
    ['a sentence', Buffer.from('correct horse battery staple 123')],
    ['a pattern', Buffer.from('changeme'.repeat(5) + 'cha=', 'base64')],
    ['a sequence', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
  ])('that is %s is taken, and called guessable', (_what, bytes) => {
    expect(guessable(`${key()},${bytes.toString('base64')}`)).toEqual([false, true])
  })

  it('is never called guessable by accident', () => {
    for (let round = 0; round < 5000; round += 1) expect(guessable(key())).toEqual([false])
  })

  it('cannot be printed in any of five ways', () => {
    const text = key()
    const parsed = parseRootKeys(text)
    const [secret] = parsed.kind === 'keys' ? parsed.keys : []
    const printed = [
      `${String(secret)}`,
      JSON.stringify(parsed),
      inspect(parsed, { depth: 9, showHidden: true }),
    ]
    printed.push(String(Object.entries(secret ?? {})), inspect(new Error('x', { cause: secret })))
    for (const line of printed) {
      expect(line).not.toContain(text.slice(0, 10))
      expect(line).not.toContain('Uint8Array')
    }
  })
})

describe('the key file of the data folder', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'nightlatch-key-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is made once, readable by nobody else, and read ever after', () => {
    const path = join(folder, 'data', 'root-key')
    const first = readOrCreateRootKeyFile(path)
    const text = readFileSync(path, 'utf8')
    expect(first.kind).toBe('keys')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(folder, 'data'))).toEqual(['root-key'])
    readOrCreateRootKeyFile(path)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is never overwritten, not even when it is damaged', () => {
    const path = join(folder, 'root-key')
    writeFileSync(path, 'damaged')
    expect(readOrCreateRootKeyFile(path)).toMatchObject({ kind: 'refused' })
    expect(readFileSync(path, 'utf8')).toBe('damaged')
  })

  it('may hold several keys, one a line', () => {
    const path = join(folder, 'root-key')
    writeFileSync(path, `${key()}\n${key()}\n`)
    const parsed = readRootKeyFile(path)
    expect(parsed.kind === 'keys' && parsed.keys.length).toBe(2)
  })

  it('says why when it cannot be read or written', () => {
    expect(readRootKeyFile(join(folder, 'none'))).toEqual({ kind: 'refused', why: 'cannot be read (ENOENT)' })
    expect(readRootKeyFile(folder)).toMatchObject({ why: expect.stringContaining('cannot be read (EISDIR)') })
    writeFileSync(join(folder, 'file'), '')
    const below = readOrCreateRootKeyFile(join(folder, 'file', 'root-key'))
    expect(below).toMatchObject({ why: expect.stringMatching(/cannot be written \((EEXIST|ENOTDIR)\)/) })
    chmodSync(folder, 0o700)
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })
})
