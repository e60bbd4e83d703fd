/**
 * Identifiers are branded: an account's id cannot be passed where a session's id is due.
 * Each has 128 random bits as 26 lower-case base32 characters; none of them is a secret.
 */
export type AccountId = string & { readonly is: 'account' }
export type SessionId = string & { readonly is: 'session' }
export type SignInId = string & { readonly is: 'sign-in' }
export type AuthenticatorId = string & { readonly is: 'authenticator' }
export type PasskeyId = string & { readonly is: 'passkey' }
export type TrustedDeviceId = string & { readonly is: 'trusted-device' }
export type InvitationId = string & { readonly is: 'invitation' }
export type MailId = string & { readonly is: 'mail' }
export type SigningKeyId = string & { readonly is: 'signing-key' }
export type GrantId = string & { readonly is: 'grant' }
export type AuthorizationRequestId = string & { readonly is: 'authorization-request' }
/** A screen that waits for its code to be typed. */
export type DeviceRequestId = string & { readonly is: 'device-request' }
export type MailLinkId = string & { readonly is: 'mail-link' }

type AnyId =
  | AccountId
  | SessionId
  | SignInId
  | AuthenticatorId
  | PasskeyId
  | TrustedDeviceId
  | InvitationId
  | MailId
  | SigningKeyId
  | GrantId
  | AuthorizationRequestId
  | DeviceRequestId
  | MailLinkId

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** @param randomBytes source of random bytes. */
export function newId<Id extends AnyId>(randomBytes: (count: number) => Uint8Array): Id {
  let text = ''
  for (const byte of randomBytes(26)) text += alphabet[byte & 31]
  return text as Id
}

/** An id that came from outside (a path, a body), or null when it cannot be one. */
export function parseId<Id extends AnyId>(text: string): Id | null {
  return /^[a-z2-7]{26}$/.test(text) ? (text as Id) : null
}
