import type { ApplicationStore } from '../../core/applications/application.js'
import type { SigningKeyStore } from '../../core/applications/signing-keys.js'
import type { SessionStore } from '../../core/sessions/session.js'
import type { Stores } from '../../core/ports/stores.js'
import { accountStore } from './accounts.js'
import { applicationStore } from './applications.js'
import { attemptStore } from './attempts.js'
import { auditStore } from './audit.js'
import type { StoreParts } from './store.js'
import { authenticatorStore } from './authenticators.js'
import type { Db } from '../engine/database.js'
import { allAccountsStore } from './all-accounts.js'
import { factStore } from './facts.js'
import { deviceRequestStore } from './device-requests.js'
import { grantStore } from './grants.js'
import { groupStore } from './groups.js'
import { hardwareTokenStore } from './hardware-tokens.js'
import { invitationStore } from './invitations.js'
import { knownDeviceStore } from './known-devices.js'
import { leaseStore } from './leases.js'
import { newcomerStore } from './newcomers.js'
import { mailLinkStore } from './mail-links.js'
import { outboxStore } from './outbox.js'
import { openInvitationStore, registrationStore } from './registrations.js'
import { peopleStore } from './people.js'
import { passkeyChallengeStore, passkeyStore } from './passkeys.js'
import { recoveryCodeStore } from './recovery-codes.js'
import { sessionStore } from './sessions.js'
import { setUpStore } from './set-ups.js'
import { signInStore } from './sign-ins.js'
import { signingKeyStore } from './signing-keys.js'
import { trustedDeviceStore } from './trusted-devices.js'
import { unsavedCodesStore } from './unsaved-codes.js'

interface More extends StoreParts {
  /** With a memory before them. */
  readonly sessions?: SessionStore
  readonly applications?: ApplicationStore
  readonly signingKeys?: SigningKeyStore
  /** Collects what is to be done after the transaction. */
  readonly afterwards?: Stores['afterwards']
}

const atOnce: Stores['afterwards'] = {
  push(act) {
    act()
  },
}

/** The stores on one database, or in one transaction. */
export const storesOn = (db: Db, { afterwards = atOnce, ...more }: More): Stores => ({
  accounts: accountStore(db),
  applications: more.applications ?? applicationStore(db),
  attempts: attemptStore(db, more),
  audit: auditStore(db, more),
  authenticators: authenticatorStore(db),
  allAccounts: allAccountsStore(db),
  facts: factStore(db),
  deviceRequests: deviceRequestStore(db),
  grants: grantStore(db),
  groups: groupStore(db),
  hardwareTokens: hardwareTokenStore(db),
  invitations: invitationStore(db, more),
  knownDevices: knownDeviceStore(db),
  leases: leaseStore(db, more),
  newcomers: newcomerStore(db),
  mailLinks: mailLinkStore(db, more),
  outbox: outboxStore(db, more),
  openInvitations: openInvitationStore(db, more),
  people: peopleStore(db),
  passkeys: passkeyStore(db),
  passkeyChallenges: passkeyChallengeStore(db),
  recoveryCodes: recoveryCodeStore(db, more),
  registrations: registrationStore(db, more),
  sessions: more.sessions ?? sessionStore(db),
  setUps: setUpStore(db),
  signIns: signInStore(db, more),
  signingKeys: more.signingKeys ?? signingKeyStore(db),
  trustedDevices: trustedDeviceStore(db),
  unsavedCodes: unsavedCodesStore(db),
  afterwards,
})
