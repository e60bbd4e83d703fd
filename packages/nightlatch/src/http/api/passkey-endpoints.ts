import type { Endpoint } from './endpoints.js'
import * as schemas from './schemas.js'

/** So that a credential of any size is refused for what it is, and not for its size. */
export const credentialLimit = 512 * 1024
const ofPasskeys = { bodyLimit: credentialLimit, isCredential: true } as const
const passkey = ['wrong-passkey', 'passkeys-off', 'too-many-attempts'] as const
const addingPasskeys = ['passkeys-off', 'fresh-proof-required', 'too-many-passkeys', 'not-found'] as const

/** What there is of passkeys: signing in with one, and one's own. */
export const passkeyEndpoints = {
  passkeyRequest: {
    summary: 'Tell the browser which passkey to ask for',
    tag: 'Sign-in',
    caller: 'anyone',
    status: 200,
    answer: schemas.requestOptions,
    problems: ['passkeys-off', 'no-passkey'],
  },
  signInWithPasskey: {
    summary: 'Sign in with a passkey alone',
    tag: 'Sign-in',
    caller: 'anyone',
    body: schemas.passkeySignIn,
    ...ofPasskeys,
    status: 200,
    answer: schemas.done,
    problems: passkey,
  },
  verifyPasskey: {
    summary: 'Complete the sign-in with a passkey',
    tag: 'Sign-in',
    caller: 'signing-in',
    body: schemas.passkeyStep,
    ...ofPasskeys,
    status: 200,
    answer: schemas.done,
    problems: [...passkey, 'busy'],
  },
  passkeys: {
    summary: "List the account's passkeys",
    tag: 'Passkeys',
    caller: 'signed-in',
    status: 200,
    answer: schemas.passkeys,
    problems: [],
  },
  passkeyCreation: {
    summary: 'Tell the browser what to make a passkey with',
    tag: 'Passkeys',
    caller: 'setting-up',
    body: schemas.passkeyWishes,
    bodyIsOptional: true,
    status: 200,
    answer: schemas.creationOptions,
    problems: addingPasskeys,
  },
  addPasskey: {
    summary: 'Add the passkey that the browser has made',
    tag: 'Passkeys',
    caller: 'setting-up',
    body: schemas.newPasskey,
    ...ofPasskeys,
    status: 201,
    answer: schemas.addedPasskey,
    problems: [...addingPasskeys, 'wrong-passkey', 'passkey-not-device-bound', 'bad-name', 'busy'],
  },
  passkey: {
    summary: 'Show a passkey',
    tag: 'Passkeys',
    caller: 'signed-in',
    status: 200,
    answer: schemas.passkey,
    problems: ['not-found'],
  },
  renamePasskey: {
    summary: 'Rename a passkey',
    tag: 'Passkeys',
    caller: 'signed-in',
    body: schemas.rename,
    status: 200,
    answer: schemas.passkey,
    problems: ['fresh-proof-required', 'not-found', 'bad-name'],
  },
  removePasskey: {
    summary: 'Remove a passkey',
    tag: 'Passkeys',
    caller: 'signed-in',
    status: 204,
    answer: null,
    problems: ['fresh-proof-required', 'not-found', 'last-authenticator'],
  },
} as const satisfies Record<string, Endpoint>
