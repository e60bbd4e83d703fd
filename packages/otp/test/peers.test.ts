/** The same codes as everybody else: differential tests over random secrets, times, digits and algorithms. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHmac, randomBytes, randomInt } from 'node:crypto'
import { generateSync as otplib } from 'otplib'
import * as OTPAuth from 'otpauth'
import { describe, expect, it } from 'vitest'
import { encodeBase32, hotp, PreparedKey, Totp, type Algorithm } from '../src/index.js'

const algorithms: readonly Algorithm[] = ['SHA1', 'SHA256', 'SHA512']
const pick = <Value>(values: readonly Value[]): Value => values[randomInt(values.length)] as Value

/** RFC 4226 §5.3 over the platform's HMAC. */
function reference(
  secret: Uint8Array,
  counter: bigint,
  shape: { algorithm: Algorithm; digits: number },
): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(counter)
  const mac = createHmac(shape.algorithm.toLowerCase(), secret).update(message).digest()
  const offset = mac[mac.length - 1]! & 15
  const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(truncated % 10 ** shape.digits).padStart(shape.digits, '0')
}

interface Case {
  readonly secret: Buffer
  readonly algorithm: Algorithm
  readonly digits: number
  readonly periodSeconds: number
  readonly time: number
}

const randomCase = (): Case => ({
  secret: randomBytes(randomInt(16, 65)),
  algorithm: pick(algorithms),
  digits: randomInt(6, 9),
  periodSeconds: pick([15, 30, 60, 90, 300]),
  time: randomInt(0, 253_402_300_800),
})

const ours = (one: Case): string => new Totp(one).at(one.time)

describe('the same codes as', () => {
  it("the platform's HMAC, for keys of every length around a block and any 64-bit counter", () => {
    for (let length = 1; length <= 260; length++) {
      for (const algorithm of algorithms) {
        const secret = randomBytes(length)
        const counter = randomBytes(8).readBigUInt64BE()
        const digits = randomInt(6, 11)
        expect(hotp(secret, counter, { algorithm, digits })).toBe(
          reference(secret, counter, { algorithm, digits }),
        )
      }
    }
  })

  it("the platform's HMAC, 5000 times with one prepared key", () => {
    const secret = randomBytes(20)
    const key = new PreparedKey(secret)
    for (let round = 0; round < 5_000; round++) {
      const counter = randomBytes(8).readBigUInt64BE()
      expect(hotp(key, counter, { digits: 10 })).toBe(
        reference(secret, counter, { algorithm: 'SHA1', digits: 10 }),
      )
    }
  })

  it('otpauth', () => {
    for (let round = 0; round < 1000; round++) {
      const one = randomCase()
      const theirs = OTPAuth.TOTP.generate({
        secret: new OTPAuth.Secret({ buffer: Uint8Array.from(one.secret).buffer }),
        algorithm: one.algorithm,
        digits: one.digits,
        period: one.periodSeconds,
        timestamp: one.time * 1000,
      })
      expect(ours(one)).toBe(theirs)
    }
  })

  it('otplib', () => {
    for (let round = 0; round < 1000; round++) {
      const one = randomCase()
      const theirs = otplib({
        secret: encodeBase32(one.secret),
        algorithm: one.algorithm.toLowerCase() as 'sha1',
        digits: one.digits as 6,
        period: one.periodSeconds,
        epoch: one.time,
      })
      expect(ours(one)).toBe(theirs)
    }
  })

  const hasOathtool = spawnSync('oathtool', ['--version']).status === 0
  it.skipIf(!hasOathtool)(`oathtool${hasOathtool ? '' : ' (skipped: it is not installed)'}`, () => {
    for (let round = 0; round < 60; round++) {
      const one = randomCase()
      const shape = [
        `--totp=${one.algorithm}`,
        `--digits=${one.digits}`,
        `--time-step-size=${one.periodSeconds}s`,
      ]
      const told = execFileSync('oathtool', [...shape, `--now=@${one.time}`, one.secret.toString('hex')])
      expect(ours(one)).toBe(told.toString().trim())
    }
  })

  const hasPyotp = spawnSync('python3', ['-c', 'import pyotp']).status === 0
  it.skipIf(!hasPyotp)(`pyotp${hasPyotp ? '' : ' (skipped: it is not installed)'}`, () => {
    const cases = Array.from({ length: 300 }, randomCase)
    const rows = cases.map((one) => [
      encodeBase32(one.secret),
      one.algorithm.toLowerCase(),
      one.digits,
      one.periodSeconds,
      one.time,
    ])
    const program = [
      'import hashlib, json, pyotp, sys',
      'for s, a, d, p, t in json.load(sys.stdin):',
      '    print(pyotp.TOTP(s, digits=d, digest=getattr(hashlib, a), interval=p).at(t))',
    ]
    const told = execFileSync('python3', ['-c', program.join('\n')], { input: JSON.stringify(rows) })
    expect(told.toString().trim().split('\n')).toEqual(cases.map(ours))
  })
})

it('foreign verifiers accept our codes, and we accept theirs', () => {
  for (let round = 0; round < 200; round++) {
    const one = randomCase()
    const { algorithm, digits, time, periodSeconds: period } = one
    const peer = new OTPAuth.TOTP({
      secret: new OTPAuth.Secret({ buffer: Uint8Array.from(one.secret).buffer }),
      algorithm,
      digits,
      period,
    })
    expect(peer.validate({ token: ours(one), timestamp: time * 1000, window: 0 })).toBe(0)
    const token = peer.generate({ timestamp: time * 1000 })
    expect(new Totp(one).verify(token, { atSeconds: time, window: 0, afterStep: null }).matched).toBe(true)
  }
})
