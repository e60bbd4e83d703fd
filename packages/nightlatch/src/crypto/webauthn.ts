import { createHash, createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { decodeFirst } from 'cborg'
import type {
  AttestedData,
  AuthenticatorData,
  ClientData,
  PublicKey,
  WebAuthn,
} from '../core/ports/webauthn.js'

/** Far more than any authenticator makes, and little enough to be looked at by anybody's wish. */
const longestBytes = 16 * 1024

/** CBOR is read by a library, which is loaded when somebody makes the first passkey. */
const cborLibrary = async (): Promise<typeof decodeFirst> => (await import('cborg')).decodeFirst

export const nodeWebAuthn: WebAuthn = {
  readClientData,
  readAuthenticatorData: async (text) => {
    const bytes = decodeBase64url(text)
    const read = bytes === null ? null : await readAuthenticatorData(bytes)
    // Nothing is attested where nothing was made.
    return read === null || read.attested !== null ? null : read.data
  },
  readAttestation,
  isSigned: ({ algorithm, spki }, assertion) => {
    const authenticatorData = decodeBase64url(assertion.authenticatorData)
    const clientData = decodeBase64url(assertion.clientDataJSON)
    const signature = decodeBase64url(assertion.signature)
    if (authenticatorData === null || clientData === null || signature === null) return false
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientData).digest()])
    const key = createPublicKey({ key: Buffer.from(spki, 'base64url'), format: 'der', type: 'spki' })
    return isSignedBy(algorithm, key, { signed, signature })
  },
}

function isSignedBy(
  algorithm: number,
  key: KeyObject,
  { signed, signature }: { readonly signed: Buffer; readonly signature: Buffer },
): boolean {
  try {
    return verify(algorithm === -8 ? null : 'sha256', signed, key, signature)
  } catch {
    return false // no signature of this kind at all
  }
}

/** Only the one canonical spelling, without padding: browsers write no other. */
function decodeBase64url(text: string): Buffer | null {
  if (text.length > longestBytes * 2 || !/^[\w-]+$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

function readClientData(text: string): ClientData | null {
  const bytes = decodeBase64url(text)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null ? clientDataOf(value) : null
  } catch {
    return null
  }
}

/** `topOrigin` is there only in a frame of another site (WebAuthn Level 3 §5.8.1). */
function clientDataOf(value: { type?: unknown; challenge?: unknown; origin?: unknown }): ClientData | null {
  const { type, challenge, origin, crossOrigin, topOrigin } = value as Record<string, unknown>
  if (typeof type !== 'string' || typeof challenge !== 'string' || typeof origin !== 'string') return null
  const isFramed = (crossOrigin ?? false) !== false || topOrigin !== undefined
  return { type, challenge, origin, crossOrigin: isFramed }
}

const flags = {
  userPresent: 1,
  userVerified: 4,
  backupEligible: 8,
  backedUp: 16,
  attested: 64,
  extended: 128,
}
const headBytes = 37
const attestedHeadBytes = 18

interface Read {
  readonly data: AuthenticatorData
  readonly attested: Pick<AttestedData, 'credentialId' | 'aaguid' | 'publicKey'> | null
}

/** WebAuthn §6.1: a head of fixed length, the credential where one was made, extensions where there are any, no more. */
async function readAuthenticatorData(bytes: Buffer): Promise<Read | null> {
  if (bytes.length < headBytes) return null
  const bits = bytes[32] ?? 0
  const has = (flag: keyof typeof flags): boolean => (bits & flags[flag]) !== 0
  const data = {
    rpIdHash: bytes.subarray(0, 32).toString('hex'),
    userPresent: has('userPresent'),
    userVerified: has('userVerified'),
    backupEligible: has('backupEligible'),
    backedUp: has('backedUp'),
    signCount: bytes.readUInt32BE(33),
  }
  let rest = bytes.subarray(headBytes)
  let attested: Read['attested'] = null
  if (has('attested')) {
    const read = await readAttested(rest)
    if (read === null) return null
    rest = read.rest
    attested = read.attested
  }
  if (has('extended')) {
    const [extensions, behind] = (await firstOf(rest)) ?? []
    if (!(extensions instanceof Map) || behind === undefined) return null
    rest = behind
  }
  return rest.length === 0 ? { data, attested } : null
}

async function readAttested(
  bytes: Buffer,
): Promise<{ readonly attested: NonNullable<Read['attested']>; readonly rest: Buffer } | null> {
  if (bytes.length < attestedHeadBytes) return null
  const keyAt = attestedHeadBytes + bytes.readUInt16BE(16)
  if (bytes.length <= keyAt) return null
  const [key, rest] = (await firstOf(bytes.subarray(keyAt))) ?? []
  if (!(key instanceof Map) || rest === undefined) return null
  const credentialId = bytes.subarray(attestedHeadBytes, keyAt).toString('base64url')
  const aaguid = bytes.subarray(0, 16).toString('hex')
  return { attested: { credentialId, aaguid, publicKey: publicKeyOf(key) }, rest }
}

/** One item of CBOR (RFC 8949) and what comes behind it; null for what is none. */
async function firstOf(bytes: Uint8Array): Promise<readonly [unknown, Buffer] | null> {
  const decode = await cborLibrary()
  try {
    const options = { useMaps: true, allowIndefinite: false, rejectDuplicateMapKeys: true }
    const [value, rest] = decode(bytes, options)
    return [value, Buffer.from(rest)]
  } catch {
    return null
  }
}

/** WebAuthn §6.5.4. We ask for no attestation (`none`), so whatever statement comes is neither needed nor believed. */
async function readAttestation(text: string): Promise<AttestedData | null> {
  const bytes = decodeBase64url(text)
  const [object, rest] = (bytes && (await firstOf(bytes))) ?? []
  if (!(object instanceof Map) || rest?.length !== 0 || typeof object.get('fmt') !== 'string') return null
  const authData: unknown = object.get('authData')
  if (!(authData instanceof Uint8Array) || !(object.get('attStmt') instanceof Map)) return null
  const read = await readAuthenticatorData(Buffer.from(authData))
  return read === null || read.attested === null ? null : { ...read.data, ...read.attested }
}

type CoseKey = ReadonlyMap<unknown, unknown>

/** COSE (RFC 9053): labels 1 and 3 are the type and the algorithm, those below zero the parameters of the type. */
function publicKeyOf(key: CoseKey): PublicKey | null {
  const algorithm = key.get(3)
  const jwk = algorithm === -7 ? ec(key) : algorithm === -8 ? okp(key) : algorithm === -257 ? rsa(key) : null
  if (jwk === null || typeof algorithm !== 'number') return null
  try {
    const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
    return { algorithm, spki: spki.toString('base64url') }
  } catch {
    return null // no point of the curve
  }
}

const ec = (key: CoseKey) =>
  key.get(1) === 2 && key.get(-1) === 1
    ? { kty: 'EC', crv: 'P-256', x: text(key.get(-2)), y: text(key.get(-3)) }
    : null

const okp = (key: CoseKey) =>
  key.get(1) === 1 && key.get(-1) === 6 ? { kty: 'OKP', crv: 'Ed25519', x: text(key.get(-2)) } : null

const rsaBytes = { least: 256, most: 512, exponent: 4 }

/** Of 2048 to 4096 bits: nobody signs in faster or slower for the key that they bring. */
function rsa(key: CoseKey) {
  const [modulus, exponent] = [key.get(-1), key.get(-2)]
  if (key.get(1) !== 3 || !(modulus instanceof Uint8Array) || !(exponent instanceof Uint8Array)) return null
  const isFit = modulus.length >= rsaBytes.least && modulus.length <= rsaBytes.most
  return isFit && exponent.length <= rsaBytes.exponent
    ? { kty: 'RSA', n: text(modulus), e: text(exponent) }
    : null
}

const text = (bytes: unknown): string =>
  bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64url') : ''
