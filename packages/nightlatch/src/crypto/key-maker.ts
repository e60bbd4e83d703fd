import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { SigningAlgorithm } from '../core/applications/application.js'
import type { KeyMaker } from '../core/ports/key-maker.js'

const generate = promisify(generateKeyPair)

const pairOf = (algorithm: SigningAlgorithm) =>
  algorithm === 'RS256' ? generate('rsa', { modulusLength: 2048 }) : generate('ec', { namedCurve: 'P-256' })

/** Keys of OpenSSL; a RSA key takes a tenth of a second on the thread pool. */
export const nodeKeyMaker: KeyMaker = {
  async make(algorithm, id) {
    const { publicKey, privateKey } = await pairOf(algorithm)
    const common = { kid: id, alg: algorithm, use: 'sig' }
    return {
      publicJwk: JSON.stringify({ ...publicKey.export({ format: 'jwk' }), ...common }),
      privateJwk: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...common }),
    }
  },
}
