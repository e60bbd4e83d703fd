/** A virtual authenticator, with which a project can test its own sign-in. */
import type { OtpAccount } from './account.js'
import { decodeBase32 } from './base32.js'
import { OtpError } from './errors.js'
import { hotp } from './hotp.js'
import { readMigration } from './migration-read.js'
import { secretStrength } from './secret.js'
import { steamCode } from './steam.js'
import { Totp } from './totp.js'
import { parseOtpauthUri } from './uri-parse.js'

const systemSeconds = (): number => Date.now() / 1000

/** A clock to be skewed and moved; it can run along with another clock, or stand still. */
export class VirtualClock {
  readonly #source: () => number
  #skew: number

  /**
   * @param options `nowSeconds`: the clock it runs along with, default the system's; a number makes it stand still.
   * `skewSeconds`: by how much it is ahead, negative for behind, default 0
   */
  constructor(options: { nowSeconds?: number | (() => number); skewSeconds?: number } = {}) {
    const { nowSeconds = systemSeconds, skewSeconds = 0 } = options
    this.#source = typeof nowSeconds === 'number' ? () => nowSeconds : nowSeconds
    this.#skew = skewSeconds
  }

  /** Unix time in seconds, with a fraction. */
  now(): number {
    return this.#source() + this.#skew
  }

  /** Moves the clock by so many seconds, back when negative. */
  advance(seconds: number): void {
    this.#skew += seconds
  }

  /** Sets the clock to a Unix time in seconds, from where it goes on as before. */
  set(unixSeconds: number): void {
    this.#skew = unixSeconds - this.#source()
  }
}

/** An account in the virtual authenticator. */
export class VirtualEntry {
  readonly account: OtpAccount
  readonly #clock: VirtualClock
  #counter: bigint

  constructor(account: OtpAccount, clock: VirtualClock) {
    this.account = account
    this.#clock = clock
    this.#counter = BigInt(account.counter ?? 0)
  }

  /**
   * The code it shows: for TOTP and Steam the one of now by the clock of the authenticator, or of another moment; for
   * HOTP the next one, which moves the counter.
   * @param moment `atSeconds`: a Unix time; `steps`: so many steps later, earlier when negative
   */
  code(moment: { atSeconds?: number; steps?: number } = {}): string {
    const { type, secret, algorithm, digits, periodSeconds } = this.account
    if (type === 'hotp') return hotp(secret, this.#counter++, { algorithm, digits })
    const atSeconds = (moment.atSeconds ?? this.#clock.now()) + (moment.steps ?? 0) * periodSeconds
    return type === 'steam'
      ? steamCode(secret, atSeconds)
      : new Totp({ secret, algorithm, digits, periodSeconds }).at(atSeconds)
  }

  /** A code of the right form that is wrong now and in the steps next to now; for HOTP, among the next codes too. */
  wrongCode(): string {
    const near = this.#near()
    const digits = this.account.digits
    for (let guess = 0; ; guess++) {
      const code = String(guess).padStart(digits, '0')
      if (!near.includes(code)) return code
    }
  }

  /** The codes that a careful verifier might accept. */
  #near(): readonly string[] {
    const { type, secret, algorithm, digits, periodSeconds } = this.account
    if (type === 'hotp') {
      const next = [0n, 1n, 2n, 3n, 4n].map((by) => BigInt.asUintN(64, this.#counter + by))
      return next.map((counter) => hotp(secret, counter, { algorithm, digits }))
    }
    const now = this.#clock.now()
    const steps = [-2, -1, 0, 1, 2].filter((step) => now + step * periodSeconds >= 0)
    return steps.map((step) => this.code({ steps: step }))
  }

  /** Seconds until the shown code changes. */
  secondsLeft(): number {
    const period = this.account.periodSeconds
    return period - (this.#clock.now() % period)
  }
}

/** Reads what a QR code says, or what a person types from the set-up page. */
function accountsOf(text: string): readonly OtpAccount[] {
  const uri = parseOtpauthUri(text)
  if (uri.parsed) return [uri.account]
  const migration = readMigration(text)
  if (migration.parsed) return migration.accounts
  const secret = decodeBase32(text)
  if (secret === null) {
    throw new OtpError('NOT_ENROLLABLE', `No otpauth URI, export or key: ${uri.why}, ${migration.why}.`)
  }
  const strength = secretStrength(secret.length * 8)
  return [
    {
      type: 'totp',
      issuer: '',
      account: '',
      secret,
      strength,
      algorithm: 'SHA1',
      digits: 6,
      periodSeconds: 30,
    },
  ]
}

/** An authenticator app without a telephone. It keeps secrets in clear: for tests only. */
export class VirtualAuthenticator {
  readonly clock: VirtualClock
  readonly #entries: VirtualEntry[] = []

  /** @param options the clock, or what `VirtualClock` takes */
  constructor(options: VirtualClock | ConstructorParameters<typeof VirtualClock>[0] = {}) {
    this.clock = options instanceof VirtualClock ? options : new VirtualClock(options)
  }

  /** The enrolled accounts, oldest first. */
  get entries(): readonly VirtualEntry[] {
    return this.#entries
  }

  /**
   * Adds what a QR code says: an otpauth URI, or an export with several accounts. A key in base32, as the page shows it
   * in groups, is taken as TOTP with the defaults.
   * @returns the entry, the first one of an export
   * @throws OtpError NOT_ENROLLABLE
   */
  enrol(text: string): VirtualEntry {
    const entries = accountsOf(text).map((account) => new VirtualEntry(account, this.clock))
    this.#entries.push(...entries)
    const [entry] = entries
    if (entry === undefined) throw new OtpError('NOT_ENROLLABLE', 'There is no account in it.')
    return entry
  }

  /**
   * The code of the account that was added last.
   * @throws OtpError NOT_ENROLLABLE when there is none
   */
  code(moment: { atSeconds?: number; steps?: number } = {}): string {
    const entry = this.#entries.at(-1)
    if (entry === undefined) throw new OtpError('NOT_ENROLLABLE', 'No account is enrolled.')
    return entry.code(moment)
  }
}
