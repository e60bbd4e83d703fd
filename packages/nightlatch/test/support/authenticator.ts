import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { encode } from 'cborg'

/** What `POST /passkeys/options` and `POST /sign-in/passkey/options` answer, as far as an authenticator looks. */
export interface CreationOptions {
  readonly challenge: string
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
}
export interface RequestOptions {
  readonly challenge: string
  readonly rpId: string
  readonly allowCredentials?: readonly { readonly id: string }[]
}

/** How one ceremony differs from an honest one. */
export interface Forgery {
  readonly type?: string
  readonly challenge?: string
  readonly origin?: string
  readonly crossOrigin?: unknown
  readonly topOrigin?: string
  readonly rpId?: string
  readonly userPresent?: boolean
  readonly userVerified?: boolean
  readonly backupEligible?: boolean
  readonly backedUp?: boolean
  readonly signCount?: number
  readonly id?: string
  readonly rawId?: string
  readonly kind?: string
  readonly userHandle?: string | null
  readonly algorithm?: number
  readonly cut?: number
  readonly more?: Uint8Array
  readonly extensions?: unknown
  readonly signature?: string
  readonly clientData?: string
}

/** What the button of a page asks the browser for. */
export const askedOn = <Options>(body: string): Options => {
  const json = /data-passkey="([^"]*)"/.exec(body)?.[1] ?? ''
  return JSON.parse(
    json.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
  ) as Options
}

export type Algorithm = -7 | -8 | -257

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64url')
const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest()

function newKey(algorithm: Algorithm): { privateKey: KeyObject; cose: Map<number, unknown> } {
  if (algorithm === -7) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const cose = new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, bytesOf(x)],
      [-3, bytesOf(y)],
    ])
    return { privateKey, cose }
  }
  if (algorithm === -8) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const { x = '' } = publicKey.export({ format: 'jwk' })
    const cose = new Map<number, unknown>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytesOf(x)],
    ])
    return { privateKey, cose }
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const cose = new Map<number, unknown>([
    [1, 3],
    [3, -257],
    [-1, bytesOf(n)],
    [-2, bytesOf(e)],
  ])
  return { privateKey, cose }
}

interface Traits {
  readonly algorithm?: Algorithm
  readonly userVerified?: boolean
  readonly synced?: boolean
  /** Counts its signatures. */
  readonly counts?: boolean
}

/** An authenticator and the browser around it, with one passkey; the tests bend what it says. */
export class Authenticator {
  readonly id = b64(randomBytes(32))
  readonly #origin: string
  readonly #traits: Traits
  readonly #algorithm: Algorithm
  readonly #key: ReturnType<typeof newKey>
  userHandle = ''
  signCount = 0

  constructor(origin: string, traits: Traits = {}) {
    this.#origin = origin
    this.#traits = traits
    this.#algorithm = traits.algorithm ?? -7
    this.#key = newKey(this.#algorithm)
    this.signCount = traits.counts === true ? 1 : 0
  }

  /** `navigator.credentials.create`: `RegistrationResponseJSON`. */
  create(options: CreationOptions, forgery: Forgery = {}): Record<string, unknown> {
    this.userHandle = options.user.id
    const id = forgery.id ?? this.id
    const cose = new Map(this.#key.cose)
    if (forgery.algorithm !== undefined) cose.set(3, forgery.algorithm)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(bytesOf(id).length)
    const attested = Buffer.concat([Buffer.alloc(16), length, bytesOf(id), encode(cose)])
    const authData = this.#data(options.rp.id, { ...forgery, more: Buffer.alloc(0) }, attested)
    const object = Buffer.concat([
      encode({ fmt: 'none', attStmt: {}, authData }),
      forgery.more ?? Buffer.alloc(0),
    ])
    const clientData = this.#clientData('webauthn.create', options.challenge, forgery)
    return {
      id,
      rawId: forgery.rawId ?? id,
      type: forgery.kind ?? 'public-key',
      response: {
        clientDataJSON: clientData,
        attestationObject: b64(object.subarray(0, object.length - (forgery.cut ?? 0))),
        transports: ['internal'],
      },
      clientExtensionResults: { credProps: { rk: true } },
    }
  }

  /** `navigator.credentials.get`: `AuthenticationResponseJSON`. */
  get(options: RequestOptions, forgery: Forgery = {}): Record<string, unknown> {
    if (this.#traits.counts === true) this.signCount += 1
    const whole = this.#data(options.rpId, forgery, Buffer.alloc(0))
    const authData = whole.subarray(0, whole.length - (forgery.cut ?? 0))
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, forgery)
    const signed = Buffer.concat([authData, sha256(bytesOf(clientDataJSON))])
    const digest = this.#algorithm === -8 ? null : 'sha256'
    const handle = forgery.userHandle === undefined ? this.userHandle : forgery.userHandle
    return {
      id: forgery.id ?? this.id,
      rawId: forgery.rawId ?? forgery.id ?? this.id,
      type: forgery.kind ?? 'public-key',
      response: {
        clientDataJSON,
        authenticatorData: b64(authData),
        signature: forgery.signature ?? b64(sign(digest, signed, this.#key.privateKey)),
        ...(handle === null ? {} : { userHandle: handle }),
      },
      clientExtensionResults: {},
    }
  }

  #clientData(type: string, challenge: string, forgery: Forgery): string {
    const { crossOrigin = false, topOrigin } = forgery
    const data = {
      type: forgery.type ?? type,
      challenge: forgery.challenge ?? challenge,
      origin: forgery.origin ?? this.#origin,
      crossOrigin,
      ...(topOrigin === undefined ? {} : { topOrigin }),
    }
    return forgery.clientData ?? b64(Buffer.from(JSON.stringify(data)))
  }

  #data(rpId: string, forgery: Forgery, attested: Buffer): Buffer {
    const { synced = false, userVerified = true } = this.#traits
    const said = { userPresent: true, userVerified, backupEligible: synced, backedUp: synced, ...forgery }
    const flags = [
      [said.userPresent, 1],
      [said.userVerified, 4],
      [said.backupEligible, 8],
      [said.backedUp, 16],
      [attested.length > 0, 64],
      [forgery.extensions !== undefined, 128],
    ] as const
    const count = Buffer.alloc(4)
    count.writeUInt32BE(forgery.signCount ?? this.signCount)
    return Buffer.concat([
      sha256(forgery.rpId ?? rpId),
      Buffer.from([flags.reduce((sum, [isSet, bit]) => sum + (isSet ? bit : 0), 0)]),
      count,
      attested,
      forgery.extensions === undefined ? Buffer.alloc(0) : encode(forgery.extensions),
      forgery.more ?? Buffer.alloc(0),
    ])
  }
}
