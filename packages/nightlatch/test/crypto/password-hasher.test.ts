import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.js'
import { readOldHash } from '../../src/crypto/old-hash.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { parsePhcString, todaysSetting } from '../../src/crypto/phc-string.js'

const cheap = { memory: 64, passes: 1, lanes: 1 }
const right = new Secret('Correct Horse Battery')
const wrong = new Secret('correct horse battery')

const hasher = createPasswordHasher({ threads: 2 })
afterAll(() => hasher.close())

describe('the password hasher', () => {
  it('hashes with argon2id at the setting of OWASP and a salt of its own', async () => {
    const [one, two] = await Promise.all([hasher.hash(right), hasher.hash(right)])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
  })

  it('knows the right password from a wrong one', async () => {
    const hash = (await hasher.hash(right)) as string
    expect(await hasher.verify(hash, right)).toBe(true)
    expect(await hasher.verify(hash, wrong)).toBe(false)
  })

  it('looks at all of a long password', async () => {
    const long = 'a'.repeat(256)
    const hash = (await hasher.hash(new Secret(`${long}X`))) as string
    expect(await hasher.verify(hash, new Secret(`${long}Y`))).toBe(false)
    expect(await hasher.verify(hash, new Secret(long))).toBe(false)
  })

  it('verifies a hash that the reference implementation made', async () => {
    // phc-winner-argon2: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
    const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await hasher.verify(hash, new Secret('password'))).toBe(true)
    expect(await hasher.verify(hash, new Secret('passwore'))).toBe(false)
  })

  it('has a hash for unknown accounts that costs the same and that nothing matches', async () => {
    expect(parsePhcString(hasher.unknownAccountHash)).toEqual(todaysSetting)
    expect(await hasher.verify(hasher.unknownAccountHash, right)).toBe(false)
    expect(createPasswordHasher().unknownAccountHash).not.toBe(hasher.unknownAccountHash)
  })

  const hash = '$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  it.each([
    '',
    '!',
    'password',
    '$2b$10$abcdefghijklmnopqrstuuG7bQ9wH4vTqvdF7rT9p0nYl8bqg7f3K',
    `$argon2id$v=19$m=4294967295,t=2,p=1${hash}`,
    `$argon2id$v=19$m=9999999,t=2,p=1${hash}`,
    `$argon2id$v=19$m=65536,t=4294967295,p=1${hash}`,
    `$argon2id$v=19$m=65536,t=99,p=1${hash}`,
    `$argon2id$v=19$m=65536,t=2,p=255${hash}`,
    `$argon2id$v=19$m=65536,t=0,p=1${hash}`,
    `$argon2id$v=19$m=65536,t=2,p=0${hash}`,
    `$argon2id$v=19$m=7,t=2,p=1${hash}`,
    `$argon2id$v=16$m=65536,t=2,p=1${hash}`,
    `$argon2i$v=19$m=65536,t=2,p=1${hash}`,
    `$argon2id$m=65536,t=2,p=1${hash}`,
    `$argon2id$v=19$m=65536,t=2,p=1,data=AAAA${hash}`,
    '$argon2id$v=19$m=65536,t=2,p=1$$',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ',
    `$argon2id$v=19$m=65536,t=2,p=1${hash}\n`,
    `$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$${'A'.repeat(100_000)}`,
  ])('never matches the malformed hash %.70j, and asks no thread about it', async (malformed) => {
    const without = createPasswordHasher({ script: new URL('file:///there/is/no/such/thread.js') })
    expect(await without.verify(malformed, new Secret('password'))).toBe(false)
    expect(without.needsRenewal(malformed)).toBe(false)
  })

  it('wants weaker hashes renewed, and only those', () => {
    const made = (setting: string) => hasher.needsRenewal(`$argon2id$v=19$${setting}${hash}`)
    expect(made('m=19456,t=2,p=1')).toBe(false)
    expect(made('m=65536,t=3,p=1')).toBe(false)
    expect(made('m=19455,t=2,p=1')).toBe(true)
    expect(made('m=65536,t=1,p=1')).toBe(true)
  })

  it('hashes many secrets under one salt, in order, the same every time', async () => {
    const secrets = new Secret(['one', 'two', 'three'])
    const salt = 'ab'.repeat(16)
    const hashes = (await hasher.hashAll(secrets, salt)) as string[]
    expect(hashes.map((one) => /^[0-9a-f]{64}$/.test(one))).toEqual([true, true, true])
    expect(await hasher.hashAll(new Secret(['two']), salt)).toEqual([hashes[1]])
    expect(await hasher.hashAll(new Secret(['two']), 'cd'.repeat(16))).not.toEqual([hashes[1]])
    expect(await hasher.hashAll(new Secret([]), salt)).toEqual([])
  })

  it.each(['', 'ab', 'AB'.repeat(16), 'zz'.repeat(16), 'a'.repeat(33)])(
    'refuses the salt %j',
    async (salt) => {
      await expect(hasher.hashAll(new Secret([right.reveal()]), salt)).rejects.toThrow('salt')
    },
  )
})

describe('under a storm', () => {
  it('says busy beyond its queue, and answers everybody whom it let in', async () => {
    const small = createPasswordHasher({ threads: 1, longestQueue: 3, setting: cheap })
    const answers = await Promise.all(Array.from({ length: 10 }, () => small.hash(right)))
    expect(answers.filter((answer) => answer === 'busy')).toHaveLength(6)
    expect(answers.slice(0, 4).every((answer) => answer.startsWith('$argon2id$'))).toBe(true)
    expect(await small.hash(right)).toMatch(/^\$argon2id/)
    await small.close()
  })

  it('answers first come, first served', async () => {
    const one = createPasswordHasher({ threads: 1, setting: cheap })
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await one.hash(right)
        order.push(index)
      }),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    await one.close()
  })

  /** What came first, of jobs that are asked for in this order while the only thread is at work. */
  async function orderOf(jobs: readonly ('now' | 'later')[]): Promise<string[]> {
    const one = createPasswordHasher({ threads: 1, setting: cheap })
    const order: string[] = []
    const first = one.hash(right)
    await Promise.all([
      first,
      ...jobs.map(async (urgency, index) => {
        await one.hashAll(new Secret([right.reveal()]), 'ab'.repeat(16), urgency)
        order.push(`${urgency} ${index}`)
      }),
    ])
    await one.close()
    return order
  }

  it('does what can wait after everybody’s password step, and in its own order', async () => {
    expect(await orderOf(['later', 'later', 'now', 'now'])).toEqual(['now 2', 'now 3', 'later 0', 'later 1'])
  })

  it('does not put off what can wait for ever', async () => {
    const order = await orderOf(['later', ...Array.from({ length: 40 }, () => 'now' as const)])
    const at = order.indexOf('later 0')
    expect(at).toBeGreaterThan(10)
    expect(at).toBeLessThan(20)
  })

  it('keeps a place for a password step while all that can wait are taken', async () => {
    const small = createPasswordHasher({ threads: 1, longestQueue: 3, setting: cheap })
    const later = Array.from({ length: 9 }, () =>
      small.hashAll(new Secret([right.reveal()]), 'ab'.repeat(16), 'later'),
    )
    expect(await small.hash(right)).toMatch(/^\$argon2id/)
    expect((await Promise.all(later)).filter((answer) => answer === 'busy')).toHaveLength(5)
    await small.close()
  })

  it('leaves a core to the thread that answers requests while that one is busy, but never hashes on none', async () => {
    const script = new URL('../support/counting-password-worker.js', import.meta.url)
    const threadsAtWork = async (threads: number, busy: boolean): Promise<number> => {
      const some = createPasswordHasher({ threads, script, isBusy: () => busy })
      const names = await Promise.all(Array.from({ length: 30 }, () => some.hash(right)))
      await some.close()
      return new Set(names).size
    }
    expect([await threadsAtWork(3, false), await threadsAtWork(3, true)]).toEqual([3, 2])
    expect([await threadsAtWork(1, false), await threadsAtWork(1, true)]).toEqual([1, 1])
  })

  it('leaves the event loop alone', async () => {
    await hasher.hash(right)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const storm = Promise.all(Array.from({ length: 32 }, () => hasher.hash(right)))
    await storm
    delay.disable()
    expect(delay.percentile(50) / 1e6).toBeLessThan(15)
  })

  it('finishes what waits when it is closed, and takes nothing more', async () => {
    const closing = createPasswordHasher({ threads: 1, setting: cheap })
    const jobs = Promise.all(Array.from({ length: 5 }, () => closing.hash(right)))
    const closed = Promise.all([closing.close(), closing.close()])
    expect(await closing.hash(right)).toBe('busy')
    await closed
    expect((await jobs).every((hash) => hash.startsWith('$argon2id$'))).toBe(true)
  })
})

describe('hashes of other systems', () => {
  it('are told right from wrong by threads that have just begun, whatever else these are asked meanwhile', async () => {
    // Each kind loads a library when it is first needed, and what is asked next lies ready behind it.
    for (let round = 0; round < 2; round += 1) {
      const fresh = createPasswordHasher({ threads: 2, setting: cheap, longestQueue: 1000 })
      const ours = (await fresh.hash(right)) as string
      const kinds = [...oldHashes.map((hash) => kept(hash)), ours]
      const asked = Array.from({ length: 3 }, () => kinds).flat()
      const answers = asked.flatMap((hash) => [
        fresh.verify(hash, right),
        fresh.verify(hash, wrong),
        fresh.verify(ours, wrong),
      ])
      expect(await Promise.all(answers)).toEqual(asked.flatMap(() => [true, false, false]))
      await fresh.close()
    }
  })
})

/** htpasswd 2.4.71 of Debian 12, of "Correct Horse Battery": -nbB -C 4, -nbm, -nb5, -nb2, -nbs. */
const oldHashes = [
  '$2y$04$IGxm6gXb6AFaWIM4EfRZG.H33bjXRvKIk7H1XGP4nwzH7XAHHGfGW',
  '$apr1$oh6EKvTL$JgyAU1O3hlnxQ7Uc9hdKF/',
  '$6$eDVeS/VKVn6qZmOj$Kprkikt0ZrrLaXOiYaq2pDtyUsulrOBDfjfOwDw/XDtDrndaSvTNEE.i16QtLqiSsFu1O8GAGZDAFxX3Kcvuk1',
  '$5$BvyMSZukeDuGldaF$Sf9rl7u099N41AZNfk7DikGmGvDDOOZDjk0kDYRpSS4',
  '{SHA}exUJZKJXCfL1jBXBRJ3U3ohrN0k=',
]

/** As the database has what is not wrapped. */
function kept(hash: string): string {
  const old = readOldHash(hash)
  if (old === null) throw new Error(hash)
  return `$old$${old.settings}$${old.salt}$${old.digest}`
}

describe('when a thread dies', () => {
  const script = new URL('../support/dying-password-worker.js', import.meta.url)

  it('tries the job again on a new thread', async () => {
    const mortal = createPasswordHasher({ threads: 1, setting: cheap, script })
    const answers = [mortal.hash(new Secret('one')), mortal.hash(new Secret('die-once')), mortal.hash(right)]
    expect(await Promise.all(answers)).toEqual([
      'hash of one',
      'hash of die-once',
      `hash of ${right.reveal()}`,
    ])
    await mortal.close()
  })

  it('does not take what it could not look at for wrong', async () => {
    const failing = createPasswordHasher({ threads: 1, setting: cheap, script })
    const old = `$old$bcrypt-2b-10$${'.'.repeat(22)}$${'.'.repeat(31)}`
    for (const hash of [failing.unknownAccountHash, old])
      await expect(failing.verify(hash, new Secret('fail'))).rejects.toThrow('could not hash')
    await failing.close()
  })

  it('gives up the second time, and goes on with the others', async () => {
    const mortal = createPasswordHasher({ threads: 1, setting: cheap, script })
    const doomed = mortal.hash(new Secret('die-always'))
    const next = mortal.hash(new Secret('next'))
    await expect(doomed).rejects.toThrow('died twice')
    expect(await next).toBe('hash of next')
    await mortal.close()
  })

  it('replaces a thread that dies while idle', async () => {
    const mortal = createPasswordHasher({ threads: 1, setting: cheap, script })
    expect(await mortal.hash(new Secret('die-later'))).toBe('hash of die-later')
    await wait(200)
    expect(await mortal.hash(new Secret('again'))).toBe('hash of again')
    await mortal.close()
  })
})
