import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { compareGuesses, compareWithKept, newLedger, noteAcceptance } from '../tools/ha/ledger.mjs'
import { endAllIn, processesIn } from '../tools/ha/processes.mjs'
import { longestGap } from '../tools/ha/service.mjs'

const root = new URL('..', import.meta.url)

describe('what was acknowledged is compared with what was kept', () => {
  const useOf = (account: string, more: object = {}) => ({
    account,
    proof: '123456',
    hash: null as string | null,
    beganAt: 1_000_500,
    validUntil: 0,
    accepted: 0,
    cookies: [],
    resent: 0,
    ...more,
  })
  const completed = (account: string, at: number) => ({ account, event: 'sign-in.completed', at })
  const compared = (uses: ReturnType<typeof useOf>[], audit: object[], hashes: string[] = []) => {
    const ledger = newLedger()
    ledger.uses.push(...(uses as never[]))
    compareWithKept(ledger, { audit, recoveryHashes: new Set(hashes) })
    return { ...ledger.broken, keptUnanswered: ledger.counts.keptUnanswered }
  }
  const fine = { lost: [], twice: [], refunded: [], alive: [], keptUnanswered: 0 }

  it('is content when each acknowledged code began one session', () => {
    const uses = [useOf('ada', { accepted: 1 }), useOf('ada', { accepted: 1, beganAt: 1_090_500 })]
    expect(compared(uses, [completed('ada', 1001), completed('ada', 1090)])).toEqual(fine)
  })

  it('finds a sign-in that is gone', () => {
    const uses = [useOf('ada', { accepted: 1 }), useOf('ada', { accepted: 1, beganAt: 1_090_500 })]
    expect(compared(uses, [completed('ada', 1001)]).lost).toHaveLength(1)
  })

  it('finds a code that began two sessions, also when nobody was told of either', () => {
    expect(compared([useOf('ada')], [completed('ada', 1001), completed('ada', 1002)]).twice).toHaveLength(1)
  })

  it('counts a sign-in that was kept although its answer never came, and does not mind', () => {
    expect(compared([useOf('ada')], [completed('ada', 1001)])).toEqual({ ...fine, keptUnanswered: 1 })
  })

  it('finds a spent recovery code that is there again', () => {
    const uses = [useOf('ada', { accepted: 1, hash: 'aa' }), useOf('bob', { hash: 'bb' })]
    expect(compared(uses, [completed('ada', 1001)], ['aa', 'bb']).lost).toHaveLength(1)
  })

  it('finds a code that was answered with two sessions', () => {
    const ledger = newLedger()
    const use = useOf('ada')
    noteAcceptance(ledger, use, 'one')
    expect(ledger.broken.twice).toEqual([])
    noteAcceptance(ledger, use, 'two')
    expect(ledger.broken.twice).toHaveLength(1)
  })

  it('finds a sign-out that the audit trail lacks', () => {
    const ledger = newLedger()
    ledger.ended.push(...([{ account: 'ada' }, { account: 'ada' }] as never[]))
    const audit = [{ account: 'ada', event: 'session.signed-out', at: 1 }]
    compareWithKept(ledger, { audit, recoveryHashes: new Set() })
    expect(ledger.broken.lost).toHaveLength(1)
  })

  it('finds wrong codes that were looked at and not counted', () => {
    const ledger = newLedger()
    const guessers = ['ada', 'bob', 'eve'].map((account) => ({ account, looked: 3 }))
    const failures = new Map(Object.entries({ ada: 3, bob: 4, eve: 2 }))
    compareGuesses(ledger, guessers, failures)
    expect(ledger.broken.refunded).toHaveLength(1)
  })
})

describe('the longest time without an answer', () => {
  it.each([
    ['between two answers', [0, 10, 50, 60], { from: 5, to: 55 }, 40],
    ['is not looked for elsewhere', [0, 40, 50, 60, 100], { from: 45, to: 58 }, 10],
    ['begins with the last answer before', [0, 60], { from: 20, to: 50 }, 60],
    ['is the whole span when nothing was answered', [], { from: 20, to: 50 }, 30],
  ])('%s', (_name, served, span, gap) => {
    expect(longestGap(served, span)).toBe(gap)
  })
})

async function until(holds: () => boolean): Promise<boolean> {
  for (let waited = 0; !holds() && waited < 10_000; waited += 20) await sleep(20)
  return holds()
}

describe.runIf(process.platform === 'linux')('the processes of a run', () => {
  const idle = ['-e', 'setInterval(() => undefined, 1000)']

  it('are those that work in its folder, and no others', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-ha-test-'))
    const ours = spawn(process.execPath, idle, { cwd: folder, stdio: 'ignore' })
    const other = spawn(process.execPath, idle, { cwd: tmpdir(), stdio: 'ignore' })
    expect(await until(() => processesIn(folder).length > 0)).toBe(true)
    expect(processesIn(folder)).toEqual([ours.pid])
    await endAllIn(folder)
    expect(await until(() => ours.signalCode === 'SIGKILL')).toBe(true)
    expect(other.exitCode ?? other.signalCode).toBeNull()
    other.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  it('end, and the folder goes, when the run itself is killed', async () => {
    const script = `
      const { openPlaces } = await import('${new URL('tools/ha/places.mjs', root).href}')
      const { start } = await import('${new URL('tools/ha/processes.mjs', root).href}')
      const places = await openPlaces()
      start({ folder: places.folderOf('member'), command: process.execPath, args: ${JSON.stringify(idle)} })
      console.log(places.folder)
      setInterval(() => undefined, 1000)`
    const run = spawn(process.execPath, ['--input-type=module', '-e', script])
    let folder = ''
    run.stdout.on('data', (text) => (folder += String(text).trim()))
    expect(await until(() => folder !== '' && processesIn(folder).length > 0)).toBe(true)
    run.kill('SIGKILL')
    expect(await until(() => !existsSync(folder))).toBe(true)
    expect(processesIn(folder)).toEqual([])
  })
})

describe('the page about high availability', () => {
  const read = (file: string) => readFileSync(new URL(file, root), 'utf8')

  it('names the values that the run uses', () => {
    const rows = [
      ...read('docs/explanation/high-availability.md').matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\|/gm),
    ]
    const used = ['patroni.yml', 'haproxy.cfg', 'nightlatch.env']
      .map((file) => read(`tools/ha/config/${file}`))
      .join('\n')
    expect(rows.length).toBeGreaterThan(8)
    for (const [, name, value] of rows)
      expect(used, name).toMatch(new RegExp(`\\b${name}[ :=]+'?${value}'?(?=[\\s&]|$)`, 'm'))
  })
})
