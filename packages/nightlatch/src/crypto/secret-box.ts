import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { Opened, SecretBox } from '../core/keys/secret-box.js'
import type { RootKey } from './root-key.js'

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16

interface BoxKey {
  readonly id: string
  readonly key: Buffer
}

/** A secret box that also names every key that it can open with. */
export interface KeyedSecretBox extends SecretBox {
  readonly keyIds: readonly string[]
}

/** The public name of a root key: 64 bits derived from it, in hexadecimal. It gives nothing of the key away. */
export function rootKeyId(rootKey: RootKey): string {
  return derive(rootKey, 'nightlatch key id', 8).toString('hex')
}

/** HKDF (RFC 5869), so that one root key can serve several purposes that know nothing of each other. */
function derive(rootKey: RootKey, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey.reveal(), '', purpose, length))
}

/**
 * Seals with the first key (the newest) and opens with any: `v1.<key id>.<nonce>.<ciphertext and tag>`.
 * What the secret belongs to is authenticated with it, so that it opens in its own row only.
 */
export function createSecretBox(rootKeys: readonly RootKey[]): KeyedSecretBox {
  const keys = rootKeys.map((rootKey) => ({
    id: rootKeyId(rootKey),
    key: derive(rootKey, 'nightlatch secret box', 32),
  }))
  const [newest] = keys
  if (newest === undefined) throw new TypeError('A secret box needs a key.')
  return {
    keyId: newest.id,
    keyIds: keys.map(({ id }) => id),
    seal: (plain, context) => seal(newest, plain, context),
    open: (sealed, context) => open(keys, sealed, context),
  }
}

const boundTo = (keyId: string, context: string): Buffer => Buffer.from(`${version}.${keyId}.${context}`)

function seal({ id, key }: BoxKey, plain: Uint8Array, context: string): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(id, context))
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return [version, id, nonce.toString('base64url'), body.toString('base64url')].join('.')
}

function open(keys: readonly BoxKey[], sealed: string, context: string): Opened {
  const match = /^v1\.([0-9a-f]{16})\.([\w-]+)\.([\w-]+)$/.exec(sealed)
  const nonce = decodeExactly(match?.[2])
  const body = decodeExactly(match?.[3])
  if (nonce?.length !== nonceBytes || body === null || body.length < tagBytes) return refuse('damaged')
  const boxKey = keys.find(({ id }) => id === match?.[1])
  if (boxKey === undefined) return refuse('unknown-key')
  const decipher = createDecipheriv('aes-256-gcm', boxKey.key, nonce, { authTagLength: tagBytes })
    .setAAD(boundTo(boxKey.id, context))
    .setAuthTag(body.subarray(-tagBytes))
  try {
    const plain = Buffer.concat([decipher.update(body.subarray(0, -tagBytes)), decipher.final()])
    return { kind: 'opened', plain: new Uint8Array(plain), keyId: boxKey.id }
  } catch {
    return refuse('damaged')
  }
}

const refuse = (why: 'unknown-key' | 'damaged'): Opened => ({ kind: 'refused', why })

/** Only the one canonical spelling: Buffer itself overlooks stray bits at the end. */
function decodeExactly(text: string | undefined): Buffer | null {
  const bytes = Buffer.from(text ?? '', 'base64url')
  return text !== undefined && bytes.toString('base64url') === text ? bytes : null
}
