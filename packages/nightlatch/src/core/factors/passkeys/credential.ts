/** A credential as browsers send it (WebAuthn §5.1: `RegistrationResponseJSON`, `AuthenticationResponseJSON`). */
export interface CredentialJson {
  readonly id: string
  readonly rawId: string
  readonly type: string
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly authenticatorData: string
    readonly signature: string
    /** '' where there is none. */
    readonly userHandle: string
    readonly transports: readonly string[]
  }
}

/** Beyond this it is no credential id (WebAuthn §4). */
const longestIdBytes = 1023

/** What was sent, with '' for whatever is missing; null when it is no object with a response. */
export function parseCredential(text: string): CredentialJson | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const response = membersOf(membersOf(value)['response'])
  if (typeof response['clientDataJSON'] !== 'string') return null
  const { id, rawId, type } = membersOf(value)
  return {
    ...{ id: textOf(id), rawId: textOf(rawId), type: textOf(type) },
    response: {
      clientDataJSON: response['clientDataJSON'],
      attestationObject: textOf(response['attestationObject']),
      authenticatorData: textOf(response['authenticatorData']),
      signature: textOf(response['signature']),
      userHandle: textOf(response['userHandle']),
      transports: transportsOf(response['transports']),
    },
  }
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Words that are sent back as they came: few, short and plain. */
const transportsOf = (value: unknown): readonly string[] =>
  Array.isArray(value)
    ? [...new Set(value.map(textOf).filter((one) => /^[a-z-]{1,20}$/.test(one)))].slice(0, 8)
    : []

/** The id is told twice, and both must say the same. */
export const isSoundCredential = ({ id, rawId, type }: CredentialJson): boolean =>
  type === 'public-key' && id !== '' && id === rawId && Math.floor((id.length * 3) / 4) <= longestIdBytes
