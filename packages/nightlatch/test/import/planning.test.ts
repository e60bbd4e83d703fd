/** What a plan costs that nobody carries out, and that it misses nobody on that account. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openText, wholeText } from '../../src/cli/commands/import/text-file.js'
import type { LoginName } from '../../src/core/accounts/account.js'
import { SeenNames } from '../../src/core/accounts/import-owners.js'
import type { ImportedPerson, PlannedPerson } from '../../src/core/accounts/import-plan.js'
import { plannedPeople, planImport } from '../../src/core/accounts/import-plan.js'
import type { Core } from '../../src/core/core.js'
import { startApp, type TestApp } from '../support/app.js'
import { temporaryFolder } from '../support/cli.js'

const person = (username: string, place = 'line 1'): ImportedPerson => ({
  place,
  username,
  name: '',
  email: `${username}@example.org`,
  emailVerified: false,
  groups: ['staff'],
  disabled: false,
  passwordHash: null,
  authenticators: [],
  warnings: [],
})

describe('names that several people have', () => {
  it('are found as if all of them had been kept', () => {
    const name = fc.stringMatching(/^[a-z]{1,2}$/)
    const people = fc.array(fc.uniqueArray(name, { minLength: 1, maxLength: 2 }), { maxLength: 60 })
    fc.assert(
      fc.property(people, fc.integer(), (all, seed) => {
        const keys = all as unknown as readonly (readonly LoginName[])[]
        const kept = new Map<LoginName, string>()
        const expected = keys.map((mine, at) => {
          const other = mine.map((key) => kept.get(key)).find((one) => one !== undefined)
          for (const key of mine) if (!kept.has(key)) kept.set(key, `p${at} (line ${at})`)
          return other
        })
        const seen = new SeenNames(seed)
        for (const mine of keys) seen.take({ place: '', username: '' }, mine)
        const owners = seen.owners()
        const found = keys.map((mine, at) => owners.take({ place: `line ${at}`, username: `p${at}` }, mine))
        expect(found).toEqual(expected)
        expect(seen.twice.size).toBe(
          new Set(keys.flat().filter((key, at, flat) => flat.indexOf(key) !== at)).size,
        )
      }),
    )
  })

  it('are told apart among very many', () => {
    const seen = new SeenNames(7)
    for (let at = 0; at < 200_000; at += 1)
      seen.take({ place: '', username: '' }, [`person${at}` as LoginName])
    expect(seen.twice.size).toBe(0)
    seen.take({ place: '', username: '' }, ['person0', 'person199999', 'person200000'] as LoginName[])
    expect(seen.twice.size).toBe(2)
  })
})

describe('a plan', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  it('takes no random number for anybody, and gives nobody an id', async () => {
    let asked = 0
    const { platform } = app.nightlatch.core
    const core = Object.assign(Object.create(app.nightlatch.core) as Core, {
      platform: {
        ...platform,
        randomBytes: (count: number) => {
          asked += 1
          return platform.randomBytes(count)
        },
      },
    })
    const told: PlannedPerson[] = []
    const people = () => Array.from({ length: 600 }, (_none, at) => person(`planned${at}`))
    const onPlanned = (some: readonly PlannedPerson[]) => void told.push(...some)
    const planning = await planImport(core, { people, onConflict: 'stop', onPlanned })
    expect(planning.kind).toBe('planned')
    expect(told).toHaveLength(600)
    expect(new Set(told.map(({ account }) => account.id))).toEqual(new Set([null]))
    // For the names of all of them.
    expect(asked).toBe(1)
  })

  it('of names that differ reads its people once, and of others a second time, after which it says whose they are', async () => {
    const { core } = app.nightlatch
    let passes = 0
    const of = (usernames: readonly string[]) => () => {
      passes += 1
      return usernames.map((username, at) => person(username, `line ${at + 1}`))
    }
    await planImport(core, { people: of(['ada', 'bob']), onConflict: 'stop' })
    expect(passes).toBe(1)
    let again = 0
    const onAgain = () => void (again += 1)
    const planning = await planImport(core, {
      people: of(['ada', 'bob', 'Ada', 'eve']),
      onConflict: 'stop',
      onAgain,
    })
    expect([passes, again]).toEqual([3, 1])
    expect(planning).toMatchObject({
      kind: 'refused',
      problems: [{ place: 'line 3', username: 'Ada', why: 'same-name-twice', other: 'ada (line 1)' }],
    })
  })

  it('that was told on the way is the one that is carried out', async () => {
    const { core } = app.nightlatch
    const told: PlannedPerson[] = []
    const people = () => ['eve', 'mallory'].map((username) => person(username))
    const onPlanned = (some: readonly PlannedPerson[]) => void told.push(...some)
    const planning = await planImport(core, { people, onConflict: 'merge', onPlanned })
    if (planning.kind === 'refused') throw new Error('refused')
    const carriedOut: PlannedPerson[] = []
    for await (const some of plannedPeople(core, planning.plan)) carriedOut.push(...some)
    expect(carriedOut).toEqual(told)
  })
})

describe('the letters of a file', () => {
  it('are those that a decoder finds, whatever stands where it is cut', () => {
    const file = join(temporaryFolder(), 'file')
    const piece = 256 * 1024
    const bytes = fc.array(
      fc.constantFrom(0x41, 0x80, 0xa9, 0xbf, 0xc3, 0xe2, 0x9c, 0x93, 0xf0, 0x9f, 0xff),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    fc.assert(
      fc.property(bytes, fc.nat(8), (some, before) => {
        const content = Buffer.concat([Buffer.alloc(piece - before, 'a'), Buffer.from(some)])
        writeFileSync(file, content)
        const opened = openText(file)
        const text = wholeText(opened)
        opened.close()
        expect(text.slice(piece - 8)).toBe(decoded(content).slice(piece - 8))
      }),
      { numRuns: 100 },
    )
  })
})

function decoded(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return new TextDecoder('windows-1252').decode(content, { stream: true })
  }
}
