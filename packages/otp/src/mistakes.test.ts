/** What a program in plain JavaScript can hand over by mistake: an OtpError each time, never one of the engine. */
import { describe, expect, it } from 'vitest'
import * as otp from './index.js'
import * as migration from './migration.js'
import { readBackup } from './imports.js'
import { steamCode } from './steam.js'

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const junk: readonly unknown[] = [
  undefined,
  null,
  0,
  1,
  -1,
  NaN,
  5n,
  '',
  'x',
  secret,
  true,
  Symbol('x'),
  () => 1,
  {},
  [],
  [1, 2],
  new Date(0),
  new ArrayBuffer(20),
  new Uint16Array(4),
  new DataView(new ArrayBuffer(8)),
  new Map(),
  { secret: null },
  { length: 20 },
]

/** Null where it worked, which a lenient function may. */
function thrown(work: () => unknown): unknown {
  try {
    work()
    return null
  } catch (problem) {
    return problem
  }
}

type Loose = (...args: unknown[]) => unknown
const totp = new otp.Totp({ secret })
const counterBased = new otp.Hotp({ secret })
const doors: Readonly<Record<string, Loose>> = {
  Totp: (value) => new otp.Totp(value as never),
  'secret of Totp': (value) => new otp.Totp({ secret: value as never }),
  'digits of Totp': (value) => new otp.Totp({ secret, digits: value as never }),
  'algorithm of Totp': (value) => new otp.Totp({ secret, algorithm: value as never }),
  'period of Totp': (value) => new otp.Totp({ secret, periodSeconds: value as never }),
  'epoch of Totp': (value) => new otp.Totp({ secret, epochSeconds: value as never }),
  Hotp: (value) => new otp.Hotp(value as never),
  'secret of Hotp': (value) => new otp.Hotp({ secret: value as never }),
  PreparedKey: (value) => new otp.PreparedKey(value as never),
  prepareKey: (value) => otp.prepareKey(value as never),
  'key of hotp': (value) => otp.hotp(value as never, 1),
  'counter of hotp': (value) => otp.hotp(new Uint8Array(20), value as never),
  'options of hotp': (value) => otp.hotp(new Uint8Array(20), 1, value as never),
  'at of Totp': (value) => totp.at(value as never),
  'at of Hotp': (value) => counterBased.at(value as never),
  'startOf of Totp': (value) => totp.startOf(value as never),
  'code of verify': (value) => totp.verify(value as never, { afterStep: null }),
  'options of verify': (value) => totp.verify('000000', value as never),
  'last step of verify': (value) => totp.verify('000000', { afterStep: value as never }),
  'options of isValid': (value) => totp.isValid('000000', value as never),
  'options of drift': (value) => totp.drift('000000', value as never),
  'options of verify of Hotp': (value) => counterBased.verify('000000', value as never),
  'options of isValid of Hotp': (value) => counterBased.isValid('000000', value as never),
  'otp of resynchronise': (value) =>
    otp.resynchronise(value as never, ['000000', '000000'], { windowSteps: 1 }),
  'codes of resynchronise': (value) => otp.resynchronise(totp, value as never, { windowSteps: 1 }),
  'search of resynchronise': (value) => otp.resynchronise(totp, ['000000', '000000'], value as never),
  'search of resynchronise for Hotp': (value) =>
    otp.resynchronise(counterBased, ['000000', '000000'], value as never),
  generateSecret: (value) => otp.generateSecret(value as never),
  encodeBase32: (value) => otp.encodeBase32(value as never),
  decodeBase32: (value) => otp.decodeBase32(value as never),
  algorithmNamed: (value) => otp.algorithmNamed(value as never),
  otpauthUri: (value) => otp.otpauthUri(value as never),
  'otpauthUri of a label': (value) => otp.otpauthUri({ label: value } as never),
  'issuer of otpauthUri': (value) => otp.otpauthUri({ issuer: value as never, account: 'a', secret }),
  'account of otpauthUri': (value) => otp.otpauthUri({ issuer: 'A', account: value as never, secret }),
  'secret of otpauthUri': (value) => otp.otpauthUri({ issuer: 'A', account: 'a', secret: value as never }),
  'image of otpauthUri': (value) =>
    otp.otpauthUri({ issuer: 'A', account: 'a', secret, image: value as never }),
  accountUri: (value) => otp.accountUri(value as never),
  uriLabel: (value) => otp.uriLabel(value as never),
  parseOtpauthUri: (value) => otp.parseOtpauthUri(value as never),
  appWarnings: (value) => otp.appWarnings(value as never),
  readMigration: (value) => migration.readMigration(value as never),
  writeMigration: (value) => migration.writeMigration(value as never),
  'accounts of writeMigration': (value) => migration.writeMigration([value as never]),
  'options of writeMigration': (value) => migration.writeMigration([], value as never),
  readBackup: (value) => readBackup(value as never),
  steamCode: (value) => steamCode(value as never, 1),
  'time of steamCode': (value) => steamCode(secret, value as never),
}

describe('a mistake of the calling program is an OtpError with a code and a sentence', () => {
  it.each(Object.entries(doors))('%s', (_name, door) => {
    for (const value of junk) {
      const problem = thrown(() => door(value))
      if (problem === null) continue
      expect(problem).toBeInstanceOf(otp.OtpError)
      expect(problem).toMatchObject({
        code: expect.stringMatching(/^[A-Z_\d]+$/) as string,
        message: expect.stringMatching(/\w \w.*\.$/) as string,
      })
    }
  })

  it.each([
    ['new Totp({ secret: undefined })', () => new otp.Totp({ secret: undefined as never })],
    ['new Totp({})', () => new otp.Totp({} as never)],
    ['new Totp()', () => new (otp.Totp as new () => unknown)()],
    ['a secret of numbers in an array', () => new otp.Totp({ secret: [1, 2, 3] as never })],
    ['otpauthUri without a secret', () => otp.otpauthUri({ issuer: 'A', account: 'a' } as never)],
  ])('%s: the remedy is named', (_name, work) => {
    expect(work).toThrow(expect.objectContaining({ code: 'SECRET_EMPTY' }))
    expect(work).toThrow(/base32 text, a Uint8Array/)
  })

  it('bytes of another realm are bytes', () => {
    const foreign = Buffer.from('12345678901234567890')
    expect(otp.hotp(foreign, 1)).toBe('287082')
  })
})
