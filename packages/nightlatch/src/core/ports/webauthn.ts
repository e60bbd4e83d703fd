/** A public key as authenticators give it (COSE), kept in the form that every library reads. */
export interface PublicKey {
  /** COSE: −7 ES256, −8 EdDSA (Ed25519), −257 RS256. */
  readonly algorithm: number
  /** SubjectPublicKeyInfo, base64url. */
  readonly spki: string
}

/** What the browser signed with (WebAuthn §5.8.1). */
export interface ClientData {
  readonly type: string
  /** base64url */
  readonly challenge: string
  readonly origin: string
  /** It was asked for in a frame of another site. */
  readonly crossOrigin: boolean
}

/** What the authenticator says (WebAuthn §6.1). */
export interface AuthenticatorData {
  /** SHA-256, 64 hexadecimal characters. */
  readonly rpIdHash: string
  readonly userPresent: boolean
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly signCount: number
}

/** With the credential that was made. */
export interface AttestedData extends AuthenticatorData {
  /** base64url */
  readonly credentialId: string
  /** What model of authenticator it is, as it says: 32 hexadecimal characters, all zero where it does not. */
  readonly aaguid: string
  /** null: of an algorithm that nobody asked for, or no key at all. */
  readonly publicKey: PublicKey | null
}

interface Assertion {
  /** All three base64url. */
  readonly authenticatorData: string
  readonly clientDataJSON: string
  readonly signature: string
}

/** Bytes of ceremonies, read and checked. What follows from them is decided in `core/factors/passkeys`. */
export interface WebAuthn {
  /** null for what is none: not base64url, not UTF-8, not JSON. */
  readClientData(clientDataJSON: string): ClientData | null
  /** Of an assertion; null for what is none. */
  readAuthenticatorData(authenticatorData: string): Promise<AuthenticatorData | null>
  /** Of a registration; null for what is none. Nothing is made of the attestation itself. */
  readAttestation(attestationObject: string): Promise<AttestedData | null>
  isSigned(key: PublicKey, assertion: Assertion): boolean
}
