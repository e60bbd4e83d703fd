import type { Account } from './accounts/account.js'
import type { Consent } from './applications/application.js'
import type { AuditStore } from './audit/audit.js'
import type { Core } from './core.js'
import type { OwnFactors } from './factors/registry.js'
import { ownFactors } from './factors/registry.js'
import type { HardwareTokenStore } from './factors/totp/tokens/store.js'
import type { Passkey } from './factors/passkeys/store.js'
import type { AuthenticatorFacts } from './factors/totp/facts.js'
import { authenticatorFacts } from './factors/totp/facts.js'
import type { Authenticator } from './factors/totp/store.js'
import type { AccountId } from './ids.js'
import type { KnownKey } from './keys/key-checks.js'
import { listKeys, listMissingKeys } from './keys/key-checks.js'
import type { Installation } from './maintenance/installation.js'
import { findInstallation } from './maintenance/installation.js'
import type { OutboxStore } from './notify/outbox.js'
import type { Stores } from './ports/stores.js'
import { storage } from './ports/stores.js'
import type { Session } from './sessions/session.js'
import { isLive } from './sessions/session.js'
import type { TrustedDevice } from './sessions/trusted-device.js'

/**
 * What a door may read of what is stored, one entry a noun. Nothing here writes: whatever changes something is a
 * function beside the decision that it is.
 */
export interface Queries {
  /** Applications that somebody is told to. */
  readonly applications: {
    listOf(account: AccountId): Promise<readonly (Consent & { readonly name: string })[]>
  }
  readonly accounts: {
    find(id: AccountId): Promise<Account | null>
    list(): Promise<readonly Account[]>
    /** Whether there is no account at all. */
    isEmpty(): Promise<boolean>
  }
  readonly audit: Pick<AuditStore, 'list' | 'listThese'>
  readonly authenticators: {
    listOf(account: AccountId): Promise<readonly Authenticator[]>
    /** How their codes are made, and how long their secrets are. */
    factsOf(account: AccountId): Promise<readonly AuthenticatorFacts[]>
  }
  /** What an account has of each factor, asked at once. */
  readonly factors: { listOf(account: AccountId): Promise<OwnFactors> }
  /** What the server that was started last noted of itself. */
  readonly installation: { find(): Promise<Installation | null> }
  /** Root keys that sealed something here. */
  readonly keys: {
    list(): Promise<readonly KnownKey[]>
    /** Those that are not at hand, and under which something lies. */
    listMissing(): Promise<readonly string[]>
  }
  /** Mails that wait. */
  readonly outbox: Pick<OutboxStore, 'summary'>
  /** Hardware tokens, in the drawer and with people. */
  readonly hardwareTokens: Pick<HardwareTokenStore, 'find' | 'hasFree' | 'list'>
  readonly passkeys: {
    listOf(account: AccountId): Promise<readonly Passkey[]>
    /** What authenticators know the account by; null before the first one. */
    userHandleOf(account: AccountId): Promise<string | null>
    /** How many of all accounts were made for another domain, and cannot be used. */
    countElsewhere(rpId: string): Promise<number>
    count(): Promise<number>
  }
  readonly recoveryCodes: { countLeft(account: AccountId): Promise<number> }
  /** Those that have not expired. Whether they count where two factors are asked for: `liveSessions`. */
  readonly sessions: { listOf(account: AccountId): Promise<readonly Session[]> }
  /** Those that have not expired. */
  readonly trustedDevices: { listOf(account: AccountId): Promise<readonly TrustedDevice[]> }
}

export function queriesOn(core: Pick<Core, 'box' | 'platform' | 'policy' | typeof storage>): Queries {
  const {
    box,
    platform,
    [storage]: { stores },
  } = core
  const { accounts, applications, audit, sessions, trustedDevices } = stores
  return {
    applications: { listOf: (account) => applications.listConsents(account) },
    accounts: {
      find: (id) => accounts.find(id),
      list: () => accounts.list(),
      isEmpty: () => accounts.isEmpty(),
    },
    audit: {
      list: (filter) => audit.list(filter),
      listThese: (sequences) => audit.listThese(sequences),
    },
    authenticators: authenticatorQueries(core, stores),
    factors: { listOf: (account) => ownFactors(stores, account) },
    installation: { find: () => findInstallation(stores) },
    keys: { list: () => listKeys(box, stores), listMissing: () => listMissingKeys(box, stores) },
    outbox: { summary: () => stores.outbox.summary() },
    hardwareTokens: tokenQueries(stores),
    passkeys: passkeyQueries(stores),
    recoveryCodes: { countLeft: (account) => stores.recoveryCodes.countLeft(account) },
    sessions: {
      async listOf(account) {
        const now = platform.nowSeconds()
        return (await sessions.listOf(account)).filter((one) => isLive(core.policy, one, now))
      },
    },
    trustedDevices: {
      async listOf(account) {
        const now = platform.nowSeconds()
        return (await trustedDevices.listOf(account)).filter(({ expiresAt }) => expiresAt > now)
      },
    },
  }
}

const authenticatorQueries = (core: Pick<Core, 'box'>, stores: Stores): Queries['authenticators'] => ({
  listOf: (account) => stores.authenticators.listOf(account),
  factsOf: (account) => authenticatorFacts(core, stores, account),
})

const tokenQueries = ({ hardwareTokens }: Stores): Queries['hardwareTokens'] => ({
  find: (key) => hardwareTokens.find(key),
  hasFree: () => hardwareTokens.hasFree(),
  list: (after, limit) => hardwareTokens.list(after, limit),
})

const passkeyQueries = ({ passkeys }: Stores): Queries['passkeys'] => ({
  listOf: (account) => passkeys.listOf(account),
  userHandleOf: (account) => passkeys.findUserHandle(account),
  countElsewhere: (rpId) => passkeys.countElsewhere(rpId),
  count: () => passkeys.count(),
})
