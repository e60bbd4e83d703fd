import { Totp } from '@nightlatch/otp'

/** argon2id at its cheapest: the rules are the same, and the tests are quick. */
export const quickArgon2 = { memory: 64, passes: 1, lanes: 1 }

export class TestClock {
  seconds: number
  constructor(seconds = Math.floor(Date.now() / 1000)) {
    this.seconds = seconds
  }
  advance(seconds: number): void {
    this.seconds += seconds
  }
}

/** An authenticator app in somebody's hand. */
export class Phone {
  /** Base32, as it was typed or scanned. */
  readonly key: string
  readonly #totp: Totp
  readonly #clock: TestClock
  constructor(key: string, clock: TestClock) {
    this.key = key
    this.#totp = new Totp({ secret: key.replaceAll(' ', '') })
    this.#clock = clock
  }
  code(offsetSeconds = 0): string {
    return this.#totp.at(this.#clock.seconds + offsetSeconds)
  }
  /** A code that is certainly not right now or nearby. */
  wrongCode(): string {
    const near = new Set([-60, -30, 0, 30, 60].map((offset) => this.code(offset)))
    for (let number = 0; ; number += 1) {
      const code = String(number).padStart(6, '0')
      if (!near.has(code)) return code
    }
  }
}
