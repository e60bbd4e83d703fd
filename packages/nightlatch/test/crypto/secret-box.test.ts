import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.js'
import { createSecretBox, rootKeyId } from '../../src/crypto/secret-box.js'

const newKey = () => new Secret(new Uint8Array(randomBytes(32)))
const seed = new TextEncoder().encode('a seed of twenty byte')

describe('the secret box', () => {
  it('opens what it sealed', () => {
    const box = createSecretBox([newKey()])
    expect(box.open(box.seal(seed, 'authenticator:a'), 'authenticator:a')).toEqual({
      kind: 'opened',
      plain: seed,
      keyId: box.keyId,
    })
  })

  it('opens an empty secret and one of many bytes', () => {
    const box = createSecretBox([newKey()])
    for (const plain of [new Uint8Array(), new Uint8Array(randomBytes(5000))])
      expect(box.open(box.seal(plain, 'row'), 'row')).toHaveProperty('plain', plain)
  })

  it('seals the same secret differently every time', () => {
    const box = createSecretBox([newKey()])
    expect(box.seal(seed, 'row')).not.toBe(box.seal(seed, 'row'))
  })

  it('shows nothing of the secret', () => {
    const sealed = createSecretBox([newKey()]).seal(seed, 'row')
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const)
      expect(sealed).not.toContain(Buffer.from(seed).toString(encoding))
  })

  it('refuses a secret that was moved to another row', () => {
    const box = createSecretBox([newKey()])
    expect(box.open(box.seal(seed, 'authenticator:a'), 'authenticator:b')).toEqual({
      kind: 'refused',
      why: 'damaged',
    })
  })

  it('refuses a change of any one bit', () => {
    const box = createSecretBox([newKey()])
    const sealed = box.seal(seed, 'row')
    const [, , nonce = '', body = ''] = sealed.split('.')
    for (const part of [nonce, body]) {
      const bytes = Buffer.from(part, 'base64url')
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        const text = sealed.replace(part, changed.toString('base64url'))
        expect(box.open(text, 'row')).toEqual({ kind: 'refused', why: 'damaged' })
      }
    }
  })

  it('refuses another spelling of the same bytes', () => {
    const box = createSecretBox([newKey()])
    const sealed = box.seal(new Uint8Array(17), 'row')
    expect(Buffer.from(sealed.split('.')[3]!, 'base64url').length % 3).not.toBe(1)
    const stray = box.seal(new Uint8Array(18), 'row')
    const last = stray.at(-1)!
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const neighbour = alphabet[alphabet.indexOf(last) ^ 1]!
    expect(box.open(stray.slice(0, -1) + neighbour, 'row')).toEqual({ kind: 'refused', why: 'damaged' })
    expect(box.open(`${sealed}=`, 'row')).toEqual({ kind: 'refused', why: 'damaged' })
  })

  it.each([
    '',
    'v1',
    'v1...',
    'v2.0011223344556677.AAAA.AAAA',
    'null',
    'v1.0011223344556677.AAAAAAAAAAAAAAAA.AA',
  ])('refuses %j, which it never wrote', (text) => {
    expect(createSecretBox([newKey()]).open(text, 'row')).toEqual({ kind: 'refused', why: 'damaged' })
  })

  it('says when the key of a secret is not here', () => {
    const sealed = createSecretBox([newKey()]).seal(seed, 'row')
    expect(createSecretBox([newKey()]).open(sealed, 'row')).toEqual({ kind: 'refused', why: 'unknown-key' })
  })

  it('refuses a secret that claims to be under another of our keys', () => {
    const [first, second] = [newKey(), newKey()]
    const both = createSecretBox([first, second])
    const sealed = both.seal(seed, 'row').replace(rootKeyId(first), rootKeyId(second))
    expect(both.open(sealed, 'row')).toEqual({ kind: 'refused', why: 'damaged' })
  })

  it('opens old secrets and seals with the newest key while keys are rotated', () => {
    const [old, fresh] = [newKey(), newKey()]
    const before = createSecretBox([old])
    const during = createSecretBox([fresh, old])
    const sealed = before.seal(seed, 'row')
    expect(during.open(sealed, 'row')).toMatchObject({ kind: 'opened', keyId: before.keyId })
    expect(createSecretBox([fresh]).open(during.seal(seed, 'row'), 'row')).toMatchObject({ kind: 'opened' })
    expect(during.keyIds).toEqual([rootKeyId(fresh), rootKeyId(old)])
    expect(during.keyId).toBe(rootKeyId(fresh))
  })

  it('cannot be made without a key', () => {
    expect(() => createSecretBox([])).toThrow('needs a key')
  })
})
