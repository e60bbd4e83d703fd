import * as v from 'valibot'
import type { FactorKind } from '../../core/factors/factor.js'
import { strengths } from '../../core/factors/factor.js'
import { proofs } from '../../core/factors/registry.js'

/** What is sent and answered, described once: checks, types and the OpenAPI document come from here. */

/** Text that both databases can keep: no U+0000, no half of a surrogate pair. */
const isPlainText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
export const text = v.pipe(v.string(), v.check(isPlainText, 'must be text'))
const filled = v.pipe(v.string(), v.regex(/\S/, 'must not be empty'), v.check(isPlainText, 'must be text'))
/** A password is compared exactly as typed: blanks count. */
const password = v.pipe(v.string(), v.nonEmpty('must not be empty'))
export const id = v.pipe(v.string(), v.regex(/^[a-z2-7]{26}$/))
export const time = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601, in UTC'))
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const otp = v.pipe(
  text,
  v.description(
    'As many digits as the authenticator shows, six to ten; spaces, hyphens and full-width digits are understood',
  ),
  v.examples(['123456']),
)
const recoveryCode = v.pipe(text, v.examples(['k7qm-4xw4-9hd2-p3tn']))
const authenticatorName = v.pipe(text, v.description('One line, at most 40 characters'))

const replacedFactor = v.pipe(
  id,
  v.description(
    'The passkey or authenticator whose place the new one takes: after a sign-in with a recovery code',
  ),
)

export const credentials = v.object({ username: filled, password })
export const code = v.object({ otp, remember: v.optional(v.boolean()) })
export const recovery = v.object({ recoveryCode })

const base64url = v.pipe(text, v.description('base64url, without padding'))

/** A passkey as the browser gives it: `PublicKeyCredential.toJSON()`. */
const assertion = {
  id: base64url,
  rawId: base64url,
  type: text,
  response: v.looseObject({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: v.optional(v.nullable(base64url)),
  }),
}
export const passkeySignIn = v.object(assertion)
export const passkeyStep = v.object({ ...assertion, remember: v.optional(v.boolean()) })
export const newPasskey = v.object({
  id: base64url,
  rawId: base64url,
  type: text,
  response: v.looseObject({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: v.optional(v.array(text)),
  }),
  name: v.optional(authenticatorName),
  replaces: v.optional(replacedFactor),
})
export const passkeyWishes = v.object({ replaces: v.optional(replacedFactor) })

/** What a fresh proof may give beside the password: a member for each factor. */
export const proofMembers = {
  totp: { otp: v.optional(otp) },
  passkey: {
    passkey: v.optional(
      v.pipe(
        passkeySignIn,
        v.description('Instead of `otp`; one that has checked who holds it is enough without the password'),
      ),
    ),
  },
  'recovery-code': { recoveryCode: v.optional(v.pipe(recoveryCode, v.description('Instead of `otp`'))) },
} as const satisfies Record<FactorKind, Record<string, v.GenericSchema>>

type Together<Part> = (Part extends unknown ? (part: Part) => void : never) extends (all: infer All) => void
  ? { readonly [Key in keyof All]: All[Key] }
  : never

const allMembers = Object.assign({}, ...Object.values(proofMembers)) as Together<
  (typeof proofMembers)[FactorKind]
>

export const proof = v.object({
  password: v.optional(v.pipe(password, v.description('May be missing beside `passkey` only'))),
  ...allMembers,
})
export const newAuthenticator = v.object({
  name: v.optional(authenticatorName),
  replaces: v.optional(
    v.pipe(id, v.description('The authenticator whose place the new one takes: a change of phone')),
  ),
})
export const confirmation = v.object({ otp, name: v.optional(authenticatorName) })
export const codePair = v.object({ otp, nextOtp: otp })
export const resynchronised = v.object({
  name: v.string(),
  driftSeconds: v.pipe(
    v.number(),
    v.integer(),
    v.description('How far its clock is off, above zero when it is fast; 0 where codes follow a counter'),
  ),
})
export const rename = v.object({ name: authenticatorName })
export const passwordChange = v.object({ current: password, next: password })

export const nextStep = v.object({
  next: v.pipe(
    v.picklist(['verify', 'setup', 'done']),
    v.description('`verify`: a code is due; `setup`: the second factor is to be set up first'),
  ),
})
export const done = v.object({ next: v.literal('done') })

const factor = v.picklist(proofs)
const factors = v.pipe(v.array(factor), v.description('What the person was proven with'))

export const session = v.object({
  account: v.object({ id, username: v.string(), name: v.string(), email: v.string() }),
  factors,
  strength: v.pipe(v.picklist(strengths), v.description('What they are worth together, weakest first')),
  phishingResistant: v.pipe(v.boolean(), v.description('Proven with a passkey')),
  signedInAt: time,
  verifiedAt: v.pipe(v.nullable(time), v.description('The last fresh proof; null: none yet')),
  expiresAt: time,
})
export const proven = v.object({ verifiedAt: time })

/** What is told of each session, to whoever it is told. */
export const sessionParts = {
  id,
  device: v.pipe(v.string(), v.examples(['Firefox on Linux'])),
  address: v.string(),
  factors,
  signedInAt: time,
  lastSeenAt: time,
  expiresAt: time,
}
export const sessions = v.object({
  sessions: v.array(v.object({ ...sessionParts, current: v.boolean() })),
})

export const authenticator = v.object({ id, name: v.string(), createdAt: time, lastUsedAt: time })
export const authenticators = v.object({ authenticators: v.array(authenticator) })
export const pendingAuthenticator = v.object({
  id: v.pipe(id, v.description('Names the authenticator: its set-up now, and itself once confirmed')),
  secret: v.pipe(v.string(), v.description('The setup key, base32')),
  uri: v.pipe(v.string(), v.description('The otpauth URI that the QR code says')),
  qr: v.pipe(v.string(), v.description('The QR code: an SVG picture as a data URI')),
})

const descriptor = v.object({ type: v.literal('public-key'), id: base64url, transports: v.array(v.string()) })
const timeout = v.pipe(count, v.description('Milliseconds: for as long the challenge is good'))
const hints = v.array(v.string())

export const passkey = v.object({
  id,
  name: v.string(),
  synced: v.pipe(v.boolean(), v.description('It may be copied to other devices of its owner')),
  backedUp: v.pipe(v.boolean(), v.description('It was')),
  verifiesUser: v.pipe(v.boolean(), v.description('It has checked who holds it, so it can sign in alone')),
  usable: v.pipe(v.boolean(), v.description('False: it was made for another address of this site')),
  transports: v.array(v.string()),
  createdAt: time,
  lastUsedAt: time,
})
export const passkeys = v.object({ passkeys: v.array(passkey) })
export const creationOptions = v.object({
  rp: v.object({ id: v.string(), name: v.string() }),
  user: v.object({ id: base64url, name: v.string(), displayName: v.string() }),
  challenge: base64url,
  pubKeyCredParams: v.array(v.object({ type: v.literal('public-key'), alg: v.number() })),
  timeout,
  excludeCredentials: v.array(descriptor),
  authenticatorSelection: v.object({
    residentKey: v.literal('preferred'),
    requireResidentKey: v.literal(false),
    userVerification: v.literal('preferred'),
  }),
  hints,
  attestation: v.literal('none'),
  extensions: v.object({ credProps: v.literal(true) }),
})
export const requestOptions = v.object({
  challenge: base64url,
  timeout,
  rpId: v.string(),
  allowCredentials: v.optional(v.array(descriptor)),
  userVerification: v.picklist(['required', 'preferred']),
  hints,
})

const newCodes = v.pipe(v.array(v.string()), v.description('Each is good once; shown this once'))
export const codes = v.object({ recoveryCodes: newCodes })
export const addedPasskey = v.object({ passkey, recoveryCodes: newCodes })
export const codesLeft = v.object({
  left: count,
  unsaved: v.pipe(v.boolean(), v.description('New codes wait to be saved')),
})

export const trustedDevices = v.object({
  trustedDevices: v.array(
    v.object({ id, device: v.string(), createdAt: time, lastUsedAt: time, expiresAt: time }),
  ),
})

export const description = v.looseObject({})
