import type { SessionStore } from '../../core/sessions/session.js'
import type { Stores } from '../../core/ports/stores.js'
import { accountStore } from './accounts.js'
import { attemptStore } from './attempts.js'
import { auditStore, type Heard } from './audit.js'
import { authenticatorStore } from './authenticators.js'
import type { Clock } from '../engine/clock.js'
import type { Db } from '../engine/database.js'
import { allAccountsStore } from './all-accounts.js'
import { factStore } from './facts.js'
import { groupStore } from './groups.js'
import { invitationStore } from './invitations.js'
import { knownDeviceStore } from './known-devices.js'
import { leaseStore } from './leases.js'
import { peopleStore } from './people.js'
import { recoveryCodeStore } from './recovery-codes.js'
import { sessionStore } from './sessions.js'
import { setUpStore } from './set-ups.js'
import { signInStore } from './sign-ins.js'
import { trustedDeviceStore } from './trusted-devices.js'
import { unsavedCodesStore } from './unsaved-codes.js'

/**
 * The stores on one database, or in one transaction. Each is made when it is first asked for: most transactions need
 * three of them, and there are four transactions in a sign-in.
 */
export class StoresOn implements Stores {
  readonly #db: Db
  readonly #clock: Clock
  readonly #heard: Heard | undefined
  #accounts?: Stores['accounts']
  #attempts?: Stores['attempts']
  #audit?: Stores['audit']
  #authenticators?: Stores['authenticators']
  #allAccounts?: Stores['allAccounts']
  #facts?: Stores['facts']
  #groups?: Stores['groups']
  #invitations?: Stores['invitations']
  #knownDevices?: Stores['knownDevices']
  #leases?: Stores['leases']
  #people?: Stores['people']
  #recoveryCodes?: Stores['recoveryCodes']
  #sessions?: Stores['sessions']
  #setUps?: Stores['setUps']
  #signIns?: Stores['signIns']
  #trustedDevices?: Stores['trustedDevices']
  #unsavedCodes?: Stores['unsavedCodes']

  /** `sessions` may be given: with a memory before it. `heard` hears of each event that was written. */
  constructor(
    db: Db,
    clock: Clock,
    { sessions, heard }: { sessions?: SessionStore; heard?: Heard | undefined } = {},
  ) {
    this.#db = db
    this.#clock = clock
    this.#heard = heard
    if (sessions !== undefined) this.#sessions = sessions
  }

  get accounts(): Stores['accounts'] {
    return (this.#accounts ??= accountStore(this.#db))
  }

  get attempts(): Stores['attempts'] {
    return (this.#attempts ??= attemptStore(this.#db, this.#clock))
  }

  get audit(): Stores['audit'] {
    return (this.#audit ??= auditStore(this.#db, this.#heard))
  }

  get authenticators(): Stores['authenticators'] {
    return (this.#authenticators ??= authenticatorStore(this.#db))
  }

  get allAccounts(): Stores['allAccounts'] {
    return (this.#allAccounts ??= allAccountsStore(this.#db))
  }

  get facts(): Stores['facts'] {
    return (this.#facts ??= factStore(this.#db))
  }

  get groups(): Stores['groups'] {
    return (this.#groups ??= groupStore(this.#db))
  }

  get invitations(): Stores['invitations'] {
    return (this.#invitations ??= invitationStore(this.#db, this.#clock))
  }

  get knownDevices(): Stores['knownDevices'] {
    return (this.#knownDevices ??= knownDeviceStore(this.#db))
  }

  get leases(): Stores['leases'] {
    return (this.#leases ??= leaseStore(this.#db))
  }

  get people(): Stores['people'] {
    return (this.#people ??= peopleStore(this.#db))
  }

  get recoveryCodes(): Stores['recoveryCodes'] {
    return (this.#recoveryCodes ??= recoveryCodeStore(this.#db, this.#clock))
  }

  get sessions(): Stores['sessions'] {
    return (this.#sessions ??= sessionStore(this.#db))
  }

  get setUps(): Stores['setUps'] {
    return (this.#setUps ??= setUpStore(this.#db))
  }

  get signIns(): Stores['signIns'] {
    return (this.#signIns ??= signInStore(this.#db, this.#clock))
  }

  get trustedDevices(): Stores['trustedDevices'] {
    return (this.#trustedDevices ??= trustedDeviceStore(this.#db))
  }

  get unsavedCodes(): Stores['unsavedCodes'] {
    return (this.#unsavedCodes ??= unsavedCodesStore(this.#db))
  }
}
