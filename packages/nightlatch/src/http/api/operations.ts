import { adminOperations } from './admin-operations.js'

/** Where the JSON interface lives, below the base path. */
export const apiPath = '/api/v1'

/**
 * Every operation, by its name: method and path. `:id` stands for one id. The server's table and the typed client
 * are both made from this list, so it holds nothing that a browser should not load.
 */
export const operations = {
  /** The first step: name and password. `next` says what is due; right or wrong, it proves nothing yet. */
  signIn: { method: 'POST', path: '/sign-in' },
  /** The second step, with a code of an authenticator app. `remember` trusts this device from now on. */
  verify: { method: 'POST', path: '/sign-in/verify' },
  /** The second step, with a recovery code: each is good once. */
  recover: { method: 'POST', path: '/sign-in/recovery' },
  /**
   * What the browser is to ask for (`PublicKeyCredentialRequestOptionsJSON`): any passkey where nobody is known yet, one's own
   * after a right password, or for a fresh proof. The answer is due within five minutes, from the same browser.
   */
  passkeyRequest: { method: 'POST', path: '/sign-in/passkey/options' },
  /** Signs in with a passkey alone; it must have checked who holds it. Nothing more is asked. */
  signInWithPasskey: { method: 'POST', path: '/sign-in/passkey' },
  /** The second step, with a passkey. `remember` trusts this device from now on. */
  verifyPasskey: { method: 'POST', path: '/sign-in/verify/passkey' },
  /** Who is signed in here. */
  session: { method: 'GET', path: '/session' },
  /** Signs out: the session ends on the server. */
  signOut: { method: 'DELETE', path: '/session' },
  /** A fresh proof, password and second factor, as changes of the account ask for. */
  proveAgain: { method: 'POST', path: '/session/verify' },
  /** Every live session of the account. */
  sessions: { method: 'GET', path: '/sessions' },
  /** Ends every session but this one. */
  endOtherSessions: { method: 'DELETE', path: '/sessions' },
  /** Ends one session. */
  endSession: { method: 'DELETE', path: '/sessions/:id' },
  /** The account's authenticator apps. */
  authenticators: { method: 'GET', path: '/authenticators' },
  /** Begins to set up an authenticator app, or shows the one that is pending: the same secret until confirmed. */
  setUpAuthenticator: { method: 'POST', path: '/authenticators/totp' },
  /** Confirms the set-up with a first code. Recovery codes come with the first authenticator, once. */
  confirmAuthenticator: { method: 'POST', path: '/authenticators/totp/:id/confirm' },
  /** Gives an authenticator app another name. */
  renameAuthenticator: { method: 'PATCH', path: '/authenticators/:id' },
  /** Brings an authenticator whose codes are refused back into step, by two codes in a row. */
  resynchroniseAuthenticator: { method: 'POST', path: '/authenticators/:id/resynchronise' },
  /** Removes an authenticator app; the last one only where a second factor is optional. */
  removeAuthenticator: { method: 'DELETE', path: '/authenticators/:id' },
  /** The account's passkeys. */
  passkeys: { method: 'GET', path: '/passkeys' },
  /** What the browser is to make a passkey with (`PublicKeyCredentialCreationOptionsJSON`). */
  passkeyCreation: { method: 'POST', path: '/passkeys/options' },
  /** Adds the passkey that the browser has made. Recovery codes come with the first second factor, once. */
  addPasskey: { method: 'POST', path: '/passkeys' },
  /** One of the account's passkeys. */
  passkey: { method: 'GET', path: '/passkeys/:id' },
  /** Gives a passkey another name. */
  renamePasskey: { method: 'PATCH', path: '/passkeys/:id' },
  /** Removes a passkey; the last second factor only where one is optional. */
  removePasskey: { method: 'DELETE', path: '/passkeys/:id' },
  /** How many recovery codes are left, and whether new ones still wait to be saved. */
  recoveryCodes: { method: 'GET', path: '/recovery-codes' },
  /** Ten new recovery codes; the old ones stop working. */
  renewRecoveryCodes: { method: 'POST', path: '/recovery-codes' },
  /** The new codes are saved: they are never shown again. */
  recoveryCodesSaved: { method: 'POST', path: '/recovery-codes/saved' },
  /** Changes the password and ends every other session and trusted device. */
  changePassword: { method: 'POST', path: '/password' },
  /** The devices that stand in for the code. */
  trustedDevices: { method: 'GET', path: '/trusted-devices' },
  /** Ends the trust in one device. */
  endTrustedDevice: { method: 'DELETE', path: '/trusted-devices/:id' },
  ...adminOperations,
  /** This interface, as an OpenAPI 3.1 document. */
  describe: { method: 'GET', path: '/openapi.json' },
} as const satisfies Record<string, Operation>

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
}

export type OperationId = keyof typeof operations
export const operationIds = Object.keys(operations) as OperationId[]
