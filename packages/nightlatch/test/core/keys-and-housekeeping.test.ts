import { givePhone } from '../support/people.js'
import { describe, expect, it } from 'vitest'
import { codeKey } from '../../src/core/factors/totp/counters.js'
import { unknownNameKey } from '../../src/core/rate-limits/attempts.js'
import { auditEvent, noClient } from '../../src/core/audit/audit.js'
import { sealContext } from '../../src/core/factors/totp/verify.js'
import { housekeepingLease, runHousekeeping, prune } from '../../src/core/maintenance/housekeeping.js'
import { newId } from '../../src/core/ids.js'
import type { AuthenticatorId, InvitationId } from '../../src/core/ids.js'
import {
  checkRootKeys,
  forgetLostKeys,
  forgetUnusedKeys,
  knowsKeys,
  listKeys,
  resealSome,
} from '../../src/core/keys/key-checks.js'
import { giveCode } from '../support/second-step.js'
import { Secret } from '../../src/core/secret.js'
import { isStillToCome } from '../../src/core/ports/platform.js'
import { rootKeyBytes } from '../../src/crypto/root-key.js'
import { createSecretBox } from '../../src/crypto/secret-box.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { rfcSecret } from '../support/vectors.js'
import { inATable, noon, pendingSetUp, useHere } from './people.js'
import type { Here } from './people.js'
import { withStores } from '../support/with-stores.js'
import { usualLimits } from '../../src/core/policy.js'
import { overriding } from '../../src/storage/stores/store.js'

const { password: passwordPolicy, code: codePolicy } = usualLimits.attempts

const aKey = () => new Secret(nodePlatform.randomBytes(rootKeyBytes))
const anId = <Id extends AuthenticatorId | InvitationId>(): Id =>
  newId((count) => nodePlatform.randomBytes(count))

async function forgetAllKeys(here: Here): Promise<void> {
  const { facts } = here.stores
  for (const { name } of await facts.list('')) await facts.remove(name)
}

describe('the root keys', () => {
  const here = useHere()
  const [older, newer, other] = [aKey(), aKey(), aKey()]
  const [oldBox, newBox, otherBox] = [
    createSecretBox([older]),
    createSecretBox([newer]),
    createSecretBox([other]),
  ]
  const both = createSecretBox([newer, older])

  it('of a new database fit, whichever they are', async () => {
    await forgetAllKeys(here)
    expect(await knowsKeys(here.stores)).toBe(false)
    const fits = { kind: 'fits', keyId: oldBox.keyId, unreadable: 0 }
    expect(await checkRootKeys(oldBox, here.stores)).toEqual(fits)
    expect(await knowsKeys(here.stores)).toBe(true)
    const [check] = await here.stores.facts.list('')
    expect(check?.name).toBe(`key-check:${oldBox.keyId}`)
    expect(await checkRootKeys(oldBox, here.stores)).toEqual(fits)
    expect(await here.stores.facts.list('')).toEqual([check])
  })

  it('that sealed nothing here do not fit, and leave no trace', async () => {
    await forgetAllKeys(here)
    await checkRootKeys(oldBox, here.stores)
    expect(await checkRootKeys(otherBox, here.stores)).toEqual({ kind: 'does-not-fit' })
    expect(await here.stores.facts.list('')).toHaveLength(1)
  })

  it('fit while they are being rotated, and afterwards the new one alone does', async () => {
    await forgetAllKeys(here)
    await checkRootKeys(oldBox, here.stores)
    const fits = { kind: 'fits', keyId: newBox.keyId, unreadable: 0 }
    expect(await checkRootKeys(both, here.stores)).toEqual(fits)
    expect(await here.stores.facts.list('')).toHaveLength(2)
    expect(await checkRootKeys(newBox, here.stores)).toEqual(fits)
    expect(await checkRootKeys(oldBox, here.stores)).toMatchObject({ kind: 'fits', keyId: oldBox.keyId })
    expect((await listKeys(newBox, here.stores)).toSorted(byId)).toEqual(
      [
        { id: oldBox.keyId, here: false, secrets: 0 },
        { id: newBox.keyId, here: true, secrets: 0 },
      ].toSorted(byId),
    )
    expect((await listKeys(both, here.stores)).every((key) => key.here)).toBe(true)
  })

  it('under which nothing lies are forgotten once they are not at hand, and the present one never', async () => {
    await forgetAllKeys(here)
    await checkRootKeys(oldBox, here.stores)
    await checkRootKeys(both, here.stores)
    expect(await forgetUnusedKeys({ ...here.core, box: both })).toEqual([])
    expect(await forgetUnusedKeys({ ...here.core, box: newBox })).toEqual([oldBox.keyId])
    expect((await listKeys(newBox, here.stores)).map(({ id }) => id)).toEqual([newBox.keyId])
    expect(await checkRootKeys(newBox, here.stores)).toMatchObject({ kind: 'fits' })
  })

  const byId = (one: { id: string }, two: { id: string }) => (one.id < two.id ? -1 : 1)

  it('that were lost can be forgotten: then the database opens with another one', async () => {
    await forgetAllKeys(here)
    await checkRootKeys(oldBox, here.stores)
    await checkRootKeys(both, here.stores)
    expect(await forgetLostKeys({ ...here.core, box: newBox })).toBe(1)
    expect(await listKeys(newBox, here.stores)).toEqual([
      expect.objectContaining({ id: newBox.keyId, here: true }),
    ])
    expect(await forgetLostKeys({ ...here.core, box: newBox })).toBe(0)
    expect(await forgetLostKeys({ ...here.core, box: otherBox })).toBe(1)
    expect(await checkRootKeys(otherBox, here.stores)).toMatchObject({ kind: 'fits' })
  })

  it("a check that was moved to another key's name fits nothing", async () => {
    await forgetAllKeys(here)
    await checkRootKeys(oldBox, here.stores)
    const [check] = await here.stores.facts.list('')
    await here.stores.facts.remove(check!.name)
    await here.stores.facts.put(`key-check:${newBox.keyId}`, check!.value)
    expect(await checkRootKeys(oldBox, here.stores)).toEqual({ kind: 'does-not-fit' })
  })

  it('other facts are no checks', async () => {
    await forgetAllKeys(here)
    await here.stores.facts.put('version', '1')
    expect(await knowsKeys(here.stores)).toBe(false)
    expect(await listKeys(oldBox, here.stores)).toEqual([])
    expect(await checkRootKeys(oldBox, here.stores)).toMatchObject({ kind: 'fits' })
  })
})

describe('secrets are sealed anew', () => {
  const here = useHere()
  const [older, newer] = [aKey(), aKey()]
  const oldBox = createSecretBox([older])
  const both = createSecretBox([newer, older])

  async function seal(box: typeof oldBox, count: number) {
    const ada = await here.someoneWithAPassword()
    for (let number = 0; number < count; number += 1)
      await givePhone(here.core, ada, { secret: rfcSecret, box, name: `${number}` })
    return ada
  }

  it('under the newest key, a few at a time, and open as before', async () => {
    const ada = await seal(oldBox, 5)
    await checkRootKeys(oldBox, here.stores)
    expect(await resealSome(both, here.stores, 3)).toBe(3)
    expect(await resealSome(both, here.stores, 3)).toBe(2)
    expect(await resealSome(both, here.stores, 3)).toBe(0)
    const newBox = createSecretBox([newer])
    for (const secret of await here.stores.authenticators.listOf(ada.id)) {
      const opened = newBox.open(secret.sealed, sealContext(secret))
      expect(opened).toMatchObject({ kind: 'opened', plain: rfcSecret })
    }
    here.clock.seconds = 1_111_111_111
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: '050471', remember: false }
    expect((await giveCode({ ...here.core, box: newBox }, given)).kind).toBe('complete')
    await here.stores.authenticators.removeAllOf(ada.id)
  })

  it('unless their key is not at hand: they are counted as unreadable and stay as they are', async () => {
    const ada = await seal(createSecretBox([aKey()]), 2)
    await seal(oldBox, 1)
    const before = await here.stores.authenticators.listOf(ada.id)
    expect(await resealSome(both, here.stores, 100)).toBe(1)
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual(before)
    expect(await checkRootKeys(both, here.stores)).toMatchObject({ unreadable: 2 })
    const withoutNewest = { kind: 'key-missing', keyIds: [both.keyId], secrets: 1 }
    expect(await checkRootKeys(oldBox, here.stores)).toEqual(withoutNewest)
    await here.stores.authenticators.removeAllOf(ada.id)
  })

  it('however many others cannot be', async () => {
    const lost = await seal(createSecretBox([aKey()]), 10)
    const ada = await seal(oldBox, 3)
    let done = 0
    for (let round = 0; round < 3; round += 1) done += await resealSome(both, here.stores, 2)
    expect(done).toBe(3)
    await here.stores.authenticators.removeAllOf(lost.id)
    await here.stores.authenticators.removeAllOf(ada.id)
  })

  it('unless they were changed meanwhile', async () => {
    const ada = await seal(oldBox, 1)
    const { authenticators } = here.stores
    const stale = await authenticators.listNotSealedUnder(both.keyId, 9)
    await resealSome(both, here.stores, 9)
    const pages = [stale]
    const late = overriding(authenticators, {
      listNotSealedUnder: () => Promise.resolve(pages.shift() ?? []),
    })
    const before = await authenticators.listOf(ada.id)
    expect(await resealSome(both, withStores(here.stores, { authenticators: late }), 9)).toBe(0)
    expect(await authenticators.listOf(ada.id)).toEqual(before)
  })
})

describe('housekeeping', () => {
  const here = useHere()
  const day = 86_400

  const things = inATable<{ add: () => Promise<unknown>; lastsUntil: number }>({
    'a session after its 7 days': {
      add: async () => {
        const { id } = await here.someoneWithoutASecondFactor()
        for (const session of await here.stores.sessions.listOf(id))
          await here.stores.sessions.touch(session.id, noon + 7 * day - 1)
      },
      lastsUntil: noon + 7 * day,
    },
    'a session that was not seen for 12 hours': {
      add: () => here.someoneWithoutASecondFactor(),
      lastsUntil: noon + 12 * 3600 + 1,
    },
    'a sign-in after its 15 minutes': {
      add: async () => (await here.someoneWithAPassword()).beginSignIn(),
      lastsUntil: noon + 900,
    },
    'an invitation when it expires': {
      add: () => {
        const own = { id: anId<InvitationId>(), account: null, createdAt: noon, expiresAt: noon + 50 }
        return here.stores.invitations.add(own, `${here.next()}`)
      },
      lastsUntil: noon + 50,
    },
    'a set-up after its 30 minutes': {
      add: async () => {
        const ada = await here.someoneWithAPassword()
        await pendingSetUp(here.core, await ada.setUpOwner())
      },
      lastsUntil: noon + 1800,
    },
    'a trusted device after its 30 days': {
      add: async () => {
        const ada = await here.someoneWithAnAuthenticatorApp()
        here.clock.seconds = noon + 30
        await ada.signIn(here.newBrowser(), true)
        await here.stores.sessions.endAllOf(ada.id)
        await here.stores.knownDevices.removeAllOf(ada.id)
      },
      lastsUntil: noon + 30 + 30 * day,
    },
    'a counter that nobody looked at for 2 days': {
      add: () =>
        here.stores.attempts.reserve(unknownNameKey(nodePlatform, `${here.next()}`), passwordPolicy, noon),
      lastsUntil: noon + 2 * day + 1,
    },
    'a known device that was not seen for a year': {
      add: async () => {
        const ada = await here.someoneWithAPassword()
        await here.stores.knownDevices.note(ada.id, 'some device', noon)
      },
      lastsUntil: noon + 365 * day + 1,
    },
    'an event of 400 days ago': {
      add: () =>
        here.stores.audit.add(auditEvent('account.created', { at: noon, account: null, client: noClient })),
      lastsUntil: noon + 400 * day + 1,
    },
  })

  /** The same installation at another time. */
  const at = (now: number) => ({ policy: here.core.policy, platform: { nowSeconds: () => now } })

  async function emptyHouse(): Promise<void> {
    while ((await prune(at(noon + 4000 * day), here.stores)) > 0);
  }

  it.each(things)('removes %s, and not a second before', async (_what, { add, lastsUntil }) => {
    await emptyHouse()
    await add()
    await here.stores.audit.removeBefore(noon, 1000)
    const before = await prune(at(lastsUntil - 1), here.stores)
    expect(await prune(at(lastsUntil - 1), here.stores)).toBe(0)
    expect(await prune(at(lastsUntil), here.stores)).toBeGreaterThanOrEqual(1)
    expect(before).toBeGreaterThanOrEqual(0)
  })

  it('says how many rows went, five hundred of a kind at a time', async () => {
    await emptyHouse()
    await here.storage.atomically(async (stores) => {
      const event = auditEvent('account.created', { at: noon, account: null, client: noClient })
      for (let number = 0; number < 501; number += 1) await stores.audit.add(event)
      const own = { account: null, createdAt: noon, expiresAt: noon + 1 }
      for (let number = 0; number < 3; number += 1)
        await stores.invitations.add({ ...own, id: anId<InvitationId>() }, `swept ${number}`)
    })
    const later = at(noon + 500 * day)
    expect(await prune(later, here.stores)).toBe(503)
    expect(await prune(later, here.stores)).toBe(1)
    expect(await prune(later, here.stores)).toBe(0)
  })

  it('keeps the count of wrong codes for as long as the account', async () => {
    const ada = await here.someoneWithAPassword()
    await here.stores.attempts.reserve(codeKey(ada.id), codePolicy, noon)
    await emptyHouse()
    expect(await here.stores.attempts.reserve(codeKey(ada.id), codePolicy, noon + 4000 * day)).toEqual({
      kind: 'reserved',
      failures: 2,
    })
  })
})

describe('the house is kept', () => {
  const here = useHere()
  const lease = (holder: string, seconds: number) => ({ name: housekeepingLease, holder, seconds })

  async function leaveExpired(count: number): Promise<void> {
    const own = { account: null, createdAt: noon - 100, expiresAt: noon - 50 }
    await here.storage.atomically(async (stores) => {
      for (let number = 0; number < count; number += 1)
        await stores.invitations.add({ ...own, id: anId<InvitationId>() }, `left ${here.next()}`)
    })
  }

  /** Keeps house as `name`; what happens between two batches says whether it goes on. */
  const keep = (between: () => Promise<boolean> | boolean = () => true, name = 'one') =>
    runHousekeeping(here.core, { name, pause: async () => between() })

  it('batch by batch until nothing is left, with a pause after each', async () => {
    await leaveExpired(1001)
    let pauses = 0
    expect(await keep(() => (pauses += 1) > 0)).toBe(1001)
    expect(pauses).toBe(3)
    expect(await keep()).toBe(0)
  })

  it('until the server is to stop; the rest waits for the next time', async () => {
    await leaveExpired(1001)
    expect(await keep(() => false)).toBe(500)
    expect(await keep()).toBe(501)
  })

  it('by one server at a time: the other one waits three minutes for it, and says that it did nothing', async () => {
    await leaveExpired(3)
    expect(await keep()).toBe(3)
    here.clock.advance(179)
    expect(await keep(undefined, 'two')).toBeNull()
    here.clock.advance(1)
    expect(await keep(undefined, 'two')).toBe(0)
  })

  it('until another server takes over, and what was done counts', async () => {
    here.clock.advance(1000)
    await leaveExpired(1001)
    const takeOver = async (): Promise<boolean> => {
      here.clock.advance(1000)
      return here.stores.leases.take(lease('two', 180), here.clock.seconds)
    }
    expect(await keep(takeOver)).toBe(500)
    expect(await keep(undefined, 'two')).toBe(501)
  })

  it('by sealing secrets anew under the newest key', async () => {
    here.clock.advance(10_000)
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [older, newer] = [aKey(), aKey()]
    const [one] = await here.stores.authenticators.listOf(ada.id)
    const opened = here.core.box.open(one!.sealed, sealContext(one!))
    if (opened.kind === 'refused') throw new Error(opened.kind)
    const to = createSecretBox([older]).seal(opened.plain, sealContext(one!))
    await here.stores.authenticators.reseal(one!.id, { from: one!.sealed, to })
    const core = { ...here.core, box: createSecretBox([newer, older]) }
    const goOn = () => Promise.resolve(true)
    expect(await runHousekeeping(core, { name: 'two', pause: goOn })).toBe(1)
    expect(await runHousekeeping(core, { name: 'two', pause: goOn })).toBe(0)
  })
})

describe('an end that lies ahead', () => {
  const hour = 3600
  it.each([
    ['a second before', 1000, 999, true],
    ['at its second', 1000, 1000, false],
    ['as far ahead as it can be, by a clock that was an hour fast', 1000 + 600 + hour, 1000, true],
    ['further ahead than it can be: the clock was wrong', 1000 + 600 + hour + 1, 1000, false],
  ])('is still to come %s: %i at %i', (_when, end, now, isToCome) => {
    expect(isStillToCome(end, now, 600)).toBe(isToCome)
  })
})
