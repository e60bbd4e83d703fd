import type { GenericSchema, InferOutput, ObjectEntries, ObjectSchema } from 'valibot'
import { adminEndpoints } from './admin-endpoints.js'
import { credentialLimit, passkeyEndpoints } from './passkey-endpoints.js'
import type { OperationId } from './operations.js'
import { operations } from './operations.js'
import type { ProblemCode } from '../problems.js'
import * as schemas from './schemas.js'

/** Who may call: each has a context of its own type, so that no handler can forget to ask. */
export type Caller =
  | 'anyone'
  | 'signing-in'
  | 'setting-up'
  | 'signed-in'
  /** With two factors; to everybody else there is nothing here. */
  | 'administrator'
  /** The same, proven freshly enough for a change. */
  | 'fresh-administrator'

export interface Endpoint {
  readonly summary: string
  readonly tag:
    | 'Sign-in'
    | 'Session'
    | 'Authenticators'
    | 'Passkeys'
    | 'Recovery codes'
    | 'Account'
    | 'Administration'
    | 'About'
  readonly caller: Caller
  /** What may be asked for in the address. */
  readonly asked?: ObjectSchema<ObjectEntries, undefined>
  readonly body?: GenericSchema
  /** How large the body may be, where that is not what others are. */
  readonly bodyLimit?: number
  /** What the browser gave may also be sent whole, as the member `credential`. */
  readonly isCredential?: true
  /** The body may be left out altogether. */
  readonly bodyIsOptional?: true
  readonly status: 200 | 201 | 204
  /** null: nothing is answered but the status. */
  readonly answer: GenericSchema | null
  /** Beyond those that follow from the caller and the body. */
  readonly problems: readonly ProblemCode[]
}

const code = ['wrong-code', 'malformed-code', 'code-unreadable', 'too-many-attempts', 'codes-locked'] as const
const recovery = ['wrong-recovery-code', 'malformed-recovery-code'] as const

/** The JSON interface. The routes, the OpenAPI document, the client's types and the error reference follow from it. */
export const endpoints = {
  signIn: {
    summary: 'Begin to sign in with name and password',
    tag: 'Sign-in',
    caller: 'anyone',
    body: schemas.credentials,
    status: 200,
    answer: schemas.nextStep,
    problems: ['wrong-credentials', 'awaiting-approval', 'too-many-attempts', 'busy'],
  },
  verify: {
    summary: 'Complete the sign-in with a code of an authenticator app',
    tag: 'Sign-in',
    caller: 'signing-in',
    body: schemas.code,
    status: 200,
    answer: schemas.done,
    problems: code,
  },
  recover: {
    summary: 'Complete the sign-in with a recovery code',
    tag: 'Sign-in',
    caller: 'signing-in',
    body: schemas.recovery,
    status: 200,
    answer: schemas.done,
    problems: [...recovery, 'too-many-attempts', 'codes-locked', 'busy'],
  },
  ...passkeyEndpoints,
  session: {
    summary: 'Tell who is signed in',
    tag: 'Session',
    caller: 'signed-in',
    status: 200,
    answer: schemas.session,
    problems: [],
  },
  signOut: {
    summary: 'Sign out',
    tag: 'Session',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: [],
  },
  proveAgain: {
    summary: 'Prove again who is there, before a change of the account',
    tag: 'Session',
    caller: 'signed-in',
    body: schemas.proof,
    bodyLimit: credentialLimit,
    status: 200,
    answer: schemas.proven,
    problems: ['wrong-password', ...code, 'wrong-passkey', 'passkeys-off', ...recovery, 'busy'],
  },
  sessions: {
    summary: "List the account's sessions",
    tag: 'Session',
    caller: 'signed-in',
    status: 200,
    answer: schemas.sessions,
    problems: [],
  },
  endOtherSessions: {
    summary: 'End every session but this one',
    tag: 'Session',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: [],
  },
  endSession: {
    summary: 'End one session',
    tag: 'Session',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: ['not-found'],
  },
  authenticators: {
    summary: "List the account's authenticator apps",
    tag: 'Authenticators',
    caller: 'signed-in',
    status: 200,
    answer: schemas.authenticators,
    problems: [],
  },
  setUpAuthenticator: {
    summary: 'Begin to set up an authenticator app, or show the pending set-up again',
    tag: 'Authenticators',
    caller: 'setting-up',
    body: schemas.newAuthenticator,
    bodyIsOptional: true,
    status: 201,
    answer: schemas.pendingAuthenticator,
    problems: ['fresh-proof-required', 'too-many-authenticators', 'bad-name', 'not-found'],
  },
  confirmAuthenticator: {
    summary: 'Confirm the set-up with a first code',
    tag: 'Authenticators',
    caller: 'setting-up',
    body: schemas.confirmation,
    status: 200,
    answer: schemas.codes,
    problems: [
      'fresh-proof-required',
      'not-found',
      'bad-name',
      'wrong-code',
      'malformed-code',
      'too-many-attempts',
      'codes-locked',
      'busy',
    ],
  },
  renameAuthenticator: {
    summary: 'Rename an authenticator app',
    tag: 'Authenticators',
    caller: 'signed-in',
    body: schemas.rename,
    status: 200,
    answer: schemas.authenticator,
    problems: ['fresh-proof-required', 'not-found', 'bad-name'],
  },
  resynchroniseAuthenticator: {
    summary: 'Bring an authenticator back into step, by two codes in a row',
    tag: 'Authenticators',
    caller: 'signed-in',
    body: schemas.codePair,
    status: 200,
    answer: schemas.resynchronised,
    problems: ['fresh-proof-required', 'not-found', ...code],
  },
  removeAuthenticator: {
    summary: 'Remove an authenticator app',
    tag: 'Authenticators',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: ['fresh-proof-required', 'not-found', 'last-authenticator'],
  },
  recoveryCodes: {
    summary: 'Tell how many recovery codes are left',
    tag: 'Recovery codes',
    caller: 'signed-in',
    status: 200,
    answer: schemas.codesLeft,
    problems: [],
  },
  renewRecoveryCodes: {
    summary: 'Make ten new recovery codes; the old ones stop working',
    tag: 'Recovery codes',
    caller: 'signed-in',
    status: 200,
    answer: schemas.codes,
    problems: ['fresh-proof-required', 'no-second-factor', 'busy'],
  },
  recoveryCodesSaved: {
    summary: 'Say that the new codes are saved: they are never shown again',
    tag: 'Recovery codes',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: [],
  },
  changePassword: {
    summary: 'Change the password and end every other session',
    tag: 'Account',
    caller: 'signed-in',
    body: schemas.passwordChange,
    status: 204,
    answer: null,
    problems: [
      'fresh-proof-required',
      'wrong-password',
      'bad-password',
      'too-many-attempts',
      'password-kept-elsewhere',
      'busy',
    ],
  },
  trustedDevices: {
    summary: 'List the devices that stand in for the code',
    tag: 'Account',
    caller: 'signed-in',
    status: 200,
    answer: schemas.trustedDevices,
    problems: [],
  },
  endTrustedDevice: {
    summary: 'End the trust in one device',
    tag: 'Account',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: ['not-found'],
  },
  ...adminEndpoints,
  describe: {
    summary: 'Describe this interface',
    tag: 'About',
    caller: 'anyone',
    status: 200,
    answer: schemas.description,
    problems: [],
  },
} as const satisfies Record<OperationId, Endpoint>

type Table = typeof endpoints

/** What is sent as the body; never where there is none. */
export type BodyOf<Id extends OperationId> = Table[Id] extends { readonly body: infer Schema }
  ? Schema extends GenericSchema
    ? InferOutput<Schema>
    : never
  : never

/** What may be asked for in the address; never where there is nothing. */
export type AskedOf<Id extends OperationId> = Table[Id] extends { readonly asked: infer Schema }
  ? Schema extends GenericSchema
    ? InferOutput<Schema>
    : never
  : never

/** What is answered, `null` where there is nothing. */
export type ValueOf<Id extends OperationId> = Table[Id]['answer'] extends infer Schema
  ? Schema extends GenericSchema
    ? InferOutput<Schema>
    : null
  : never

type Own<Id extends OperationId> = Table[Id]['problems'][number]
type OfBody<Id extends OperationId> = Table[Id] extends { readonly body: GenericSchema } ? BodyCode : never
type OfAsked<Id extends OperationId> = Table[Id] extends { readonly asked: GenericSchema }
  ? 'invalid-query'
  : never

/** The codes that an operation may be refused with. */
export type ProblemOf<Id extends OperationId> =
  | Own<Id>
  | OfBody<Id>
  | OfAsked<Id>
  | (typeof callerCodes)[Table[Id]['caller']][number]
  | (typeof commonCodes)[number]

const bodyCodes = ['malformed-body', 'body-too-large', 'wrong-content-type', 'invalid-body'] as const
type BodyCode = (typeof bodyCodes)[number]

const callerCodes = {
  anyone: [],
  'signing-in': ['sign-in-over', 'second-factor-required'],
  'setting-up': ['sign-in-over', 'second-factor-required', 'not-signed-in'],
  'signed-in': ['not-signed-in', 'second-factor-required'],
  administrator: ['not-found'],
  'fresh-administrator': ['not-found', 'fresh-proof-required'],
} as const satisfies Record<Caller, readonly ProblemCode[]>

const commonCodes = ['malformed-request', 'internal', 'unavailable'] as const

/** Every code of an operation, as the document lists them. */
export function problemsOf(id: OperationId): readonly ProblemCode[] {
  const endpoint: Endpoint = endpoints[id]
  const body = endpoint.body === undefined ? [] : bodyCodes
  const crossSite = operations[id].method === 'GET' ? [] : (['cross-site'] as const)
  const asked = endpoint.asked === undefined ? [] : (['invalid-query'] as const)
  const own = [...endpoint.problems, ...body, ...asked, ...callerCodes[endpoint.caller]]
  return [...new Set([...own, ...crossSite, ...commonCodes])]
}
