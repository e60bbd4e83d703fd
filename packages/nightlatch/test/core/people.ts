import { addPerson, testPassword } from '../support/people.js'
import { usualLimits } from '../../src/core/policy.js'
import { noRegistration } from '../../src/core/registration/policy.js'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Account } from '../../src/core/accounts/account.js'
import type { Change } from '../../src/core/accounts/changes.js'
import type { AuditEventName, AuditRecord } from '../../src/core/audit/audit.js'
import type { Browser, SignedInNow } from '../../src/core/sign-in/start-session.js'
import { createCore, type Core } from '../../src/core/core.js'
import type { AccountId } from '../../src/core/ids.js'
import type { Notice } from '../../src/core/notify/notices.js'
import type { PasswordOutcome } from '../../src/core/sign-in/password-step.js'
import { givePassword } from '../../src/core/sign-in/password-step.js'
import type { PasswordHasher } from '../../src/core/accounts/password.js'
import { giveCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import type { SignedIn } from '../../src/core/sessions/session.js'
import { confirmSetUp } from '../../src/core/factors/totp/confirm.js'
import type { PendingSetUp } from '../../src/core/factors/totp/set-up.js'
import type { SetUpOwner } from '../../src/core/factors/enrolment.js'
import { beginSetUp } from '../../src/core/factors/totp/set-up.js'
import type { SignIn } from '../../src/core/sign-in/sign-in.js'
import { storage, type Storage, type Stores } from '../../src/core/ports/stores.js'
import type { Token } from '../../src/core/tokens.js'
import { isCommon } from '../../src/crypto/common-passwords.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { rootKeyBytes } from '../../src/crypto/root-key.js'
import { createSecretBox } from '../../src/crypto/secret-box.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { nodeKeyMaker } from '../../src/crypto/key-maker.js'
import { nodeWebAuthn } from '../../src/crypto/webauthn.js'
import { Secret } from '../../src/core/secret.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { openStorage } from '../../src/storage/index.js'
import { Phone, quickArgon2, TestClock } from '../support/phone.js'
import { withStores } from '../support/with-stores.js'
import { overriding } from '../../src/storage/stores/store.js'

/** One for all tests of a worker: starting threads takes longer than any test. */
export const hasher: PasswordHasher = createPasswordHasher({
  threads: 1,
  longestQueue: 1000,
  setting: quickArgon2,
})
/** A hasher without room for anything. */
export const fullHasher: PasswordHasher = createPasswordHasher({
  threads: 0,
  longestQueue: 0,
  setting: quickArgon2,
})

export const aBox = () => createSecretBox([new Secret(nodePlatform.randomBytes(rootKeyBytes))])

/** Where every test's clock begins: the start of a time step. */
export const noon = 1_800_000_000
export const goodPassword = testPassword

/** Durability has tests of its own: memory will do where there is a folder in it. */
const folders = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** The core of one installation, on a database of its own. */
export class Here {
  readonly clock = new TestClock(noon)
  readonly notices: Notice[] = []
  #core: Core | null = null
  #count = 0

  get core(): Core {
    if (this.#core === null) throw new Error('the core is there only while tests run')
    return this.#core
  }

  get storage(): Storage {
    return this.core[storage]
  }

  get stores() {
    return this.storage.stores
  }

  /** The same installation where people choose whether they want a second factor. */
  get optional(): Core {
    return { ...this.core, policy: { ...this.core.policy, mfa: 'optional' } }
  }

  open(opened: OpenStorage): void {
    this.#core = createCore({
      platform: { ...nodePlatform, nowSeconds: () => this.clock.seconds },
      webAuthn: nodeWebAuthn,
      keyMaker: nodeKeyMaker,
      policy: {
        ...usualLimits,
        mfa: 'required',
        issuer: 'Example',
        offersPasswordReset: true,
        reportsWeekly: true,
        host: 'login.example.org',
        passkeys: {
          use: 'sign-in',
          rpId: 'login.example.org',
          origins: ['https://login.example.org'],
          deviceBound: false,
        },
        registration: noRegistration,
      },
      [storage]: opened,
      passwords: hasher,
      box: aBox(),
      notices: { send: (notice) => this.notices.push(notice) },
      isCommonPassword: isCommon,
      applicationAccounts: null,
    })
  }

  /** A number that no other test of this database has. */
  next(): number {
    this.#count += 1
    return this.#count
  }

  /** A browser that was never here, at an address of its own. */
  newBrowser(own: Partial<Browser> = {}): Browser {
    const number = this.next()
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
    const client = { address, userAgent: `Firefox ${number}` }
    return { client, knownDevice: null, trustedDevice: null, session: null, ...own }
  }

  async someoneWithAPassword(name = 'ada', password = goodPassword): Promise<Person> {
    const username = `${name}.${this.next()}`
    const { id } = await addPerson(this.core, username, password)
    return new Person(this, { id, username, password })
  }

  /** Has been through the first sign-in and is signed in: password, set-up, recovery codes. */
  async someoneWithAnAuthenticatorApp(name = 'ada'): Promise<Person> {
    const person = await this.someoneWithAPassword(name)
    await person.enrol()
    return person
  }

  /** Signed in with no more than a password, where that is enough. */
  async someoneWithoutASecondFactor(name = 'ada'): Promise<Person> {
    const person = await this.someoneWithAPassword(name)
    const outcome = await givePassword(this.optional, { ...person.typed(), browser: person.browser })
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    person.keep(outcome)
    return person
  }
}

export class Person {
  readonly here: Here
  readonly id: AccountId
  readonly username: string
  password: string
  /** The person's own browser, with what it holds. */
  browser: Browser
  recoveryCodes: readonly string[] = []
  #phone: Phone | null = null

  constructor(here: Here, own: { id: AccountId; username: string; password: string }) {
    this.here = here
    this.id = own.id
    this.username = own.username
    this.password = own.password
    this.browser = here.newBrowser()
  }

  get phone(): Phone {
    if (this.#phone === null) throw new Error('there is no phone')
    return this.#phone
  }

  typed() {
    return { username: this.username, password: this.password }
  }

  async account(): Promise<Account> {
    const account = await this.here.stores.accounts.find(this.id)
    if (account === null) throw new Error('the account is gone')
    return account
  }

  givePassword(browser = this.browser, core = this.here.core): Promise<PasswordOutcome> {
    return givePassword(core, { ...this.typed(), browser })
  }

  /** Gives the password in a browser that was never here: the second step is due. */
  async beginSignIn(browser = this.here.newBrowser()): Promise<{ signIn: SignIn; token: Token }> {
    const outcome = await this.givePassword(browser)
    if (outcome.kind === 'code-due' || outcome.kind === 'set-up-due') return outcome
    throw new Error(outcome.kind)
  }

  async setUpOwner(): Promise<SetUpOwner & { kind: 'sign-in' }> {
    const { signIn } = await this.beginSignIn(this.browser)
    return { kind: 'sign-in', signIn, account: await this.account() }
  }

  async enrol(): Promise<void> {
    const { core } = this.here
    const owner = await this.setUpOwner()
    const pending = await pendingSetUp(core, owner)
    this.#phone = new Phone(pending.key, this.here.clock)
    const given = { code: this.phone.code(), name: '', browser: this.browser }
    const confirmed = await confirmSetUp(core, owner, given)
    if (confirmed.kind !== 'confirmed') throw new Error(confirmed.kind)
    this.keep(confirmed.signedIn)
    this.recoveryCodes = confirmed.recoveryCodes
    this.here.clock.advance(30) // the confirming code is spent: the next one is due
  }

  /** The browser has what an answer gave it. */
  keep(given: { token: Token; knownDevice?: Token; trustedDevice?: Token | null }): void {
    this.browser = {
      ...this.browser,
      session: given.token,
      knownDevice: given.knownDevice ?? this.browser.knownDevice,
      trustedDevice: given.trustedDevice ?? this.browser.trustedDevice,
    }
  }

  /** Password and code, in a browser of one's choice. The next step begins. */
  async signIn(browser = this.here.newBrowser(), remember = false): Promise<SignedInNow> {
    const { signIn } = await this.beginSignIn(browser)
    const code = this.phone.code()
    const outcome = await giveCode(this.here.core, { signIn, browser, code, remember })
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    this.here.clock.advance(30)
    return outcome
  }

  /** As a request of the person's own browser finds it, also where it began with the password alone. */
  async signedIn(): Promise<SignedIn> {
    const found = await findSession(this.here.optional, this.browser.session)
    if (found === null) throw new Error('not signed in')
    return found
  }

  async change(): Promise<Change> {
    return { signedIn: await this.signedIn(), browser: this.browser }
  }

  async sessionOwner(): Promise<SetUpOwner & { kind: 'session' }> {
    const signedIn = await this.signedIn()
    return { kind: 'session', signedIn, account: signedIn.account }
  }

  /** What the audit trail says of the account, oldest first. */
  async trail(): Promise<readonly AuditRecord[]> {
    return this.here.stores.audit.list({ account: this.id, afterSequence: 0, limit: 1000 })
  }

  async events(): Promise<readonly AuditEventName[]> {
    return (await this.trail()).map((record) => record.event)
  }

  async lastEvent(): Promise<AuditRecord | undefined> {
    return (await this.trail()).at(-1)
  }
}

export async function pendingSetUp(
  core: Core,
  owner: SetUpOwner,
  wishes: Parameters<typeof beginSetUp>[2] = {},
): Promise<PendingSetUp> {
  const begun = await beginSetUp(core, owner, wishes)
  if (begun.kind !== 'pending') throw new Error(begun.why)
  return begun
}

/** An installation for the tests of a file; every test has the clock at its start and no notices. */
export function useHere(): Here {
  const here = new Here()
  const folder = mkdtempSync(join(folders, 'nightlatch-core-'))
  let opened: OpenStorage | null = null
  beforeAll(async () => {
    opened = await openStorage({ sqliteFile: join(folder, 'nightlatch.sqlite') })
    here.open(opened)
  })
  beforeEach(() => {
    here.clock.seconds = noon
    here.notices.length = 0
  })
  afterAll(async () => {
    await opened?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return here
}

/** Something else happens once, just before the first transaction: as when another request was quicker. */
export function justBeforeTheWrite(core: Core, act: () => Promise<unknown>): Core {
  let isDone = false
  return withStorage(core, {
    atomically: async (work) => {
      if (!isDone) {
        isDone = true
        await act()
      }
      return core[storage].atomically(work)
    },
  })
}

/** The same core on another storage, or on one of which a part is another's. */
export const withStorage = (core: Core, other: Partial<Storage>): Core =>
  createCore({ ...core, [storage]: { ...core[storage], ...other } })

/** Nothing can be written into the audit trail any more. */
export function whereTheTrailIsFull(core: Core): Core {
  const add = (): Promise<never> => Promise.reject(new Error('the disk is full'))
  const without = (stores: Stores): Stores => withStores(stores, { audit: overriding(stores.audit, { add }) })
  const { stores, atomically } = core[storage]
  return withStorage(core, {
    stores: without(stores),
    atomically: (work) => atomically((stores) => work(without(stores))),
  })
}

/** Something else happens once while the first password is being looked at. */
export function whileHashing(core: Core, act: () => Promise<unknown>): Core {
  let isDone = false
  const { passwords } = core
  const verify: PasswordHasher['verify'] = async (hash, password) => {
    const answer = await passwords.verify(hash, password)
    if (!isDone) {
      isDone = true
      await act()
    }
    return answer
  }
  return { ...core, passwords: { ...passwords, verify } }
}

export const inATable = <T>(rows: Record<string, T>): [string, T][] => Object.entries(rows)
