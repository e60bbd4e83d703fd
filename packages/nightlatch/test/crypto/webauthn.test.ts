/** The test vectors of WebAuthn Level 3: what an implementation that is not ours signed is read and checked as written. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeWebAuthn } from '../../src/crypto/webauthn.js'
import type { AuthenticatorData } from '../../src/core/ports/webauthn.js'

interface Vector {
  readonly title: string
  /** Made in a frame of another site. */
  readonly isFramed: boolean
  readonly registration: Record<'challenge' | 'credentialId' | 'clientDataJSON' | 'attestationObject', string>
  readonly authentication: Record<
    'challenge' | 'authenticatorData' | 'clientDataJSON' | 'signature',
    string
  > & {
    readonly said: Omit<AuthenticatorData, 'rpIdHash'>
  }
}

const { rpId, origin, vectors } = JSON.parse(
  readFileSync(new URL('files/webauthn-level-3.json', import.meta.url), 'utf8'),
) as { rpId: string; origin: string; vectors: readonly Vector[] }

/** Those that are asked for, and so the only ones that browsers answer with: −8, −7 and −257. */
const isOurs = ({ title }: Vector): boolean => !/ES384|ES512|Ed448/.test(title)
const other = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
const rpIdHash = createHash('sha256').update(rpId).digest('hex')

describe.each(vectors.filter(isOurs))('$title', ({ isFramed, registration, authentication }) => {
  it('is read as what was made', async () => {
    const made = await nodeWebAuthn.readAttestation(registration.attestationObject)
    expect(made).toMatchObject({ rpIdHash, credentialId: registration.credentialId, userPresent: true })
    expect([-8, -7, -257]).toContain(made?.publicKey?.algorithm)
    expect(nodeWebAuthn.readClientData(registration.clientDataJSON)).toEqual({
      type: 'webauthn.create',
      challenge: registration.challenge,
      origin,
      crossOrigin: isFramed,
    })
  })

  it('signs in, and with nothing changed only', async () => {
    const key = (await nodeWebAuthn.readAttestation(registration.attestationObject))?.publicKey
    if (key === null || key === undefined) throw new Error('no key')
    const { authenticatorData, clientDataJSON, signature, challenge, said } = authentication
    expect(await nodeWebAuthn.readAuthenticatorData(authenticatorData)).toEqual({ rpIdHash, ...said })
    expect(nodeWebAuthn.readClientData(clientDataJSON)).toEqual({
      type: 'webauthn.get',
      challenge,
      origin,
      crossOrigin: isFramed,
    })
    const assertion = { authenticatorData, clientDataJSON, signature }
    expect(nodeWebAuthn.isSigned(key, assertion)).toBe(true)
    for (const part of ['authenticatorData', 'clientDataJSON', 'signature'] as const)
      expect(nodeWebAuthn.isSigned(key, { ...assertion, [part]: other(assertion[part]) })).toBe(false)
  })
})

it.each(vectors.filter((one) => !isOurs(one)))(
  '$title: its key is of an algorithm that nobody asked for',
  async ({ registration: { attestationObject, credentialId } }) => {
    expect(await nodeWebAuthn.readAttestation(attestationObject)).toMatchObject({
      credentialId,
      publicKey: null,
    })
  },
)
