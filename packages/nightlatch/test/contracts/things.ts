import { ourOtp } from '../../src/core/factors/totp/store.js'
import { createHash, randomBytes } from 'node:crypto'
import type { Account, LoginName } from '../../src/core/accounts/account.js'
import type { AuthenticatorSecret, SetUp } from '../../src/core/factors/totp/store.js'
import type { SigningKey } from '../../src/core/applications/signing-keys.js'
import type { Application, ApplicationId } from '../../src/core/applications/application.js'
import type { Passkey } from '../../src/core/factors/passkeys/store.js'
import type { TrustedDevice } from '../../src/core/sessions/trusted-device.js'
import { type AccountId, newId, type parseId } from '../../src/core/ids.js'
import type { DeviceRequest } from '../../src/core/applications/device.js'
import type { AuthorizationRequest, Grant, StoredToken } from '../../src/core/applications/tokens.js'
import type { HardwareToken } from '../../src/core/factors/totp/tokens/store.js'
import type { MailLink } from '../../src/core/notify/mail-links.js'
import type { WaitingMail } from '../../src/core/notify/outbox.js'
import type { Invitation } from '../../src/core/accounts/invitation.js'
import type { OpenInvitation, Registration } from '../../src/core/registration/open-invitation.js'
import type { Session } from '../../src/core/sessions/session.js'
import type { SignIn } from '../../src/core/sign-in/sign-in.js'
import type { Stores } from '../../src/core/ports/stores.js'

/** Things to keep, each with ids of its own, so that tests of one database do not meet. */

type AnyId = NonNullable<ReturnType<typeof parseId>>

export const anId = <Id extends AnyId>(): Id => newId<Id>((count) => randomBytes(count))

export const aHash = (): string => createHash('sha256').update(randomBytes(16)).digest('hex')

export function anAccount(own: Partial<Account> = {}): Account {
  const id = anId<AccountId>()
  return {
    id,
    username: `user-${id}`,
    name: 'Ada Lovelace',
    email: '',
    emailVerified: false,
    groups: [],
    admin: false,
    disabled: false,
    waiting: false,
    passwordHash: '$argon2id$one',
    factorCounts: { totp: 0 },
    createdAt: 1000,
    lastSignInAt: 0,
    endsAt: null,
    ...own,
  }
}

export const nameOf = (account: Account): LoginName => account.username as LoginName

/** An account that is in the database. */
export async function somebody(stores: Stores, own: Partial<Account> = {}): Promise<Account> {
  const account = anAccount(own)
  if (!(await stores.accounts.add({ account, loginNames: [nameOf(account)] }))) throw new Error('name taken')
  return account
}

export function aSession(account: Account, own: Partial<Session> = {}): Session {
  return {
    id: anId(),
    account: account.id,
    factors: ['password', 'totp'],
    strength: 'password+code',
    signedInAt: 1000,
    verifiedAt: 1000,
    lastSeenAt: 1000,
    expiresAt: 9000,
    address: '2001:db8::1',
    userAgent: 'Browser "quoted" ü 🚪',
    ...own,
  }
}

export function aSignIn(account: Account, own: Partial<SignIn> = {}): SignIn {
  return { id: anId(), account: account.id, startedAt: 1000, expiresAt: 1900, ...own }
}

export function anAuthenticator(
  account: Account,
  own: Partial<AuthenticatorSecret> = {},
): AuthenticatorSecret {
  return {
    id: anId(),
    account: account.id,
    name: 'Phone',
    sealed: 'v1.key1.secret',
    lastStep: 10,
    drift: 0,
    serial: null,
    ...ourOtp,
    issuer: null,
    entryNumber: 1,
    createdAt: 1000,
    lastUsedAt: 1000,
    ...own,
  }
}

export function aPasskey(account: Account, own: Partial<Passkey> = {}): Passkey {
  return {
    id: anId(),
    account: account.id,
    name: 'Blue key 🔑',
    credentialId: randomBytes(32).toString('base64url'),
    publicKey: { algorithm: -7, spki: 'MFkw' },
    signCount: 0,
    rpId: 'example.org',
    transports: ['internal', 'hybrid'],
    aaguid: '0'.repeat(32),
    verifiesUser: true,
    backupEligible: true,
    backedUp: false,
    createdAt: 1000,
    lastUsedAt: 1000,
    ...own,
  }
}

export function aSetUp(account: Account, own: Partial<SetUp> = {}): SetUp {
  return {
    id: anId(),
    account: account.id,
    owner: `sign-in:${anId()}`,
    sealed: 'v1.key1.secret',
    name: '',
    replaces: '',
    entryNumber: 1,
    createdAt: 1000,
    expiresAt: 2800,
    ...own,
  }
}

export function aTrustedDevice(account: Account, own: Partial<TrustedDevice> = {}): TrustedDevice {
  return {
    id: anId(),
    account: account.id,
    createdAt: 1000,
    lastUsedAt: 1000,
    expiresAt: 9000,
    userAgent: 'Browser',
    address: '192.0.2.1',
    ...own,
  }
}

/** The same thing fifty times at the same moment, half of them on each of two servers. */
export function fiftyAtOnce<Server, HttpResponse>(
  servers: readonly [Server, Server],
  act: (server: Server, index: number) => Promise<HttpResponse>,
): Promise<HttpResponse[]> {
  return Promise.all(
    Array.from({ length: 50 }, (_one, index) => act(servers[index % 2 === 0 ? 0 : 1], index)),
  )
}

export const anApplication = (own: Partial<Application> = {}): Application => ({
  id: anId() as string as ApplicationId,
  name: 'Grafana “quoted” ü',
  isPublic: false,
  allowsDevice: true,
  redirectUris: ['https://grafana.example.org/callback'],
  postLogoutUris: [],
  backchannelLogoutUri: '',
  launchUrl: '',
  groups: ['admins', 'staff'],
  access: 'two-factors',
  skipConsent: true,
  signingAlgorithm: 'ES256',
  secrets: [{ hash: aHash(), createdAt: 1000, expiresAt: null }],
  createdAt: 1000,
  ...own,
})

export const aSigningKey = (own: Partial<SigningKey> = {}): SigningKey => ({
  ...{ id: anId(), algorithm: 'RS256', publicJwk: '{}', sealed: 'v1.0123456789abcdef.a.b' },
  ...{ createdAt: 1000, activeFrom: 1000, retiresAt: null },
  ...own,
})

export const aGrant = (
  application: Application,
  account: Account,
  session: Session | null,
  own: Partial<Grant> = {},
): Grant => ({
  id: anId(),
  application: application.id,
  account: account.id,
  session: session?.id ?? null,
  scopes: ['openid', 'offline_access'],
  createdAt: 1000,
  expiresAt: 9000,
  ...own,
})

export const aToken = (grant: Grant, own: Partial<StoredToken> = {}): StoredToken => ({
  hash: aHash(),
  kind: 'refresh',
  grant: grant.id,
  payload: '{}',
  createdAt: 1000,
  expiresAt: 9000,
  consumedAt: null,
  ...own,
})

export const aRequest = (application: Application): AuthorizationRequest => ({
  ...{ id: anId(), application: application.id, query: 'a=b&c=%20', mark: 'm' },
  ...{ answer: '', answeredBy: '', startedAt: 1000, expiresAt: 1900 },
})

export const aDeviceRequest = (
  application: Application,
  own: Partial<DeviceRequest> = {},
): DeviceRequest => ({
  ...{ id: anId(), hash: aHash(), userCodeHash: aHash(), application: application.id },
  ...{ payload: '{"a":1}', scopes: ['openid', 'email'], address: '192.0.2.1', userAgent: 'A screen' },
  ...{ answer: '', proof: '', startedAt: 1000, expiresAt: 1900 },
  ...{ polledAt: 1000, waitSeconds: 5, consumedAt: null },
  ...own,
})

/** As makers count their time: SHA-256, eight digits, a minute. */
export const aHardwareToken = (own: Partial<HardwareToken> = {}): HardwareToken => {
  const key = anId().toUpperCase() as HardwareToken['key']
  return {
    ...{ key, serial: `no ${key}`, maker: 'Feitian', sealed: 'v1.0123456789abcdef.a.b' },
    ...{ algorithm: 'SHA256', digits: 8, period: 60, counter: null },
    ...{ lastStep: 10, drift: -30, addedAt: 1000 },
    ...own,
  }
}

export const aMailLink = (account: AccountId, own: Partial<MailLink> = {}): MailLink => ({
  ...{ id: anId(), kind: 'undo', account, sealed: 'v1.0123456789abcdef.x', createdAt: 1000, expiresAt: 4600 },
  ...own,
})

export const aMail = (own: Partial<WaitingMail> = {}): WaitingMail => ({
  ...{ id: anId(), kind: 'new-device', account: null, sealed: 'v1.key1.secret', tries: 0 },
  ...{ createdAt: 1000, expiresAt: 87_400, ...own },
})

export const anInvitation = (account: AccountId | null, own: Partial<Invitation> = {}): Invitation => ({
  id: anId(),
  account,
  createdAt: 1000,
  expiresAt: 4600,
  ...own,
})

export const anOpenInvitation = (own: Partial<OpenInvitation> = {}): OpenInvitation => ({
  id: anId(),
  groups: ['crew', 'Küche & Keller'],
  uses: 2,
  used: 0,
  domain: '',
  email: '',
  invitedBy: null,
  createdAt: 1000,
  expiresAt: 2000,
  withdrawnAt: null,
  ...own,
})

export const aRegistration = (own: Partial<Registration> = {}): Registration => ({
  ...{ emailKey: `${anId()}@example.org` as LoginName, email: 'Ada@Example.org', invitation: null },
  ...{ createdAt: 1000, expiresAt: 2000 },
  ...own,
})
