import type { SigningAlgorithm } from '../applications/application.js'

/** A key pair in JSON Web Key form (RFC 7517). */
interface SigningKeyPair {
  /** JSON; goes to whoever asks. */
  readonly publicJwk: string
  /** JSON; is sealed at once. */
  readonly privateJwk: string
}

/** Makes keys that tokens are signed with. */
export interface KeyMaker {
  make(algorithm: SigningAlgorithm, id: string): Promise<SigningKeyPair>
}
