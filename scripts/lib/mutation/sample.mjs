/** A draw of the changes of an outer layer: each is switched on and the tests that come past it run, the nearest first. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCopy, switchOn } from './copy.mjs'
import { drawn } from './draw.mjs'
import { reachedByLoading, reachOf, suitesFor, unitsFor } from './reach.mjs'
import { report } from './report.mjs'
import { configureTests, runUnits, unitsOf } from './tests.mjs'

const promised = 80

/** Each layer, and the tests that are about it. */
export const sampledSubjects = {
  http: {
    folders: [
      'http',
      'pages',
      'journeys',
      'attacks',
      'oidc',
      'protect/tls.test.ts',
      'operations/stopping.test.ts',
      // `bindings/fetch.ts` is theirs.
      'adapters',
    ],
  },
  protect: {
    folders: [
      'protect',
      'attacks/overriding.test.ts',
      'attacks/doors.test.ts',
      'operations/stopping.test.ts',
    ],
  },
  adapters: { folders: ['adapters'] },
  storage: {
    folders: ['contracts', 'storage', 'operations/move.test.ts', 'operations/plans.test.ts'],
    kinds: ['sqlite', 'postgres'],
  },
}

const say = (text) => void process.stderr.write(`${text}\n`)

/** A change that fails none of this many test files, the nearest ones, has survived. */
const enough = 10

/** @returns the status to end with: 1 below the score that we promise */
export async function measureSample(layer, folder, { names, size, seed }) {
  const own = join(folder, layer)
  const place = join(own, 'copy')
  mkdirSync(own, { recursive: true })
  const all = await makeCopy({ layer, folder: place, tools: join(folder, 'tools') })
  configureTests(place)
  const isNamed = ({ file }) => names.length === 0 || names.some((name) => `/${file}`.endsWith(`/${name}.ts`))
  const chosen = drawn(all.filter(isNamed), { seed, size })
  const units = await reachOf({ folder: own, place, layer, units: unitsOf(sampledSubjects[layer]), say })
  const reach = { units, loaded: reachedByLoading(place, layer), mutants: all }
  const results = await tryEach(chosen, { own, place, reach })
  switchOn(place, '')
  return report({ layer, results, of: all.filter(isNamed).length, seed, promised })
}

async function tryEach(chosen, { own, place, reach }) {
  const notes = join(own, 'results.jsonl')
  const known = new Map(notesIn(notes).map((note) => [note.key, note]))
  const results = []
  for (const [index, mutant] of chosen.entries()) {
    const units = unitsFor(mutant, reach)
    const state = stateOf(mutant, units)
    const before = known.get(mutant.key)
    const note = stillHolds(before, state)
      ? before
      : { key: mutant.key, state, ...(await tried(mutant, units, { place, loaded: reach.loaded })) }
    if (note !== before) appendFileSync(notes, `${JSON.stringify(note)}\n`)
    say(
      `${index + 1}/${chosen.length} ${mutant.file}:${mutant.line} ${note.killed ? 'noticed' : 'SURVIVED'} ${note.by}`,
    )
    results.push({ ...mutant, ...note })
  }
  return results
}

const notesIn = (file) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []

const stateOf = ({ source }, units) => ({ source, tests: units.map((unit) => unit.state).join() })

/** Once noticed, always noticed; whether it is still not is asked again when a test has changed. */
const stillHolds = (before, { source, tests }) =>
  before?.state.source === source && (before.killed || before.state.tests === tests)

async function tried(mutant, units, { place, loaded }) {
  if (units.length === 0) return { killed: false, by: '(no test comes past it)' }
  for (const some of stagesOf(units.slice(0, enough))) {
    const only = some.flatMap((unit) => suitesFor(mutant, unit, loaded))
    const { failed, over, where } = await ranWith(mutant, some, { place, only })
    if (over) return { killed: true, by: `(it never ends) ${where.name}` }
    if (failed !== null) return { killed: true, by: `${where.name} > ${failed}` }
  }
  const left = units.length - enough
  return { killed: false, by: left > 0 ? `(${left} more test files come past it)` : '' }
}

/** Mostly the nearest tests notice; the others are run together, where each has less to wait for. */
function stagesOf([nearest, ...others]) {
  const kinds = [...new Set(others.map(({ kind }) => kind))]
  return [[nearest], ...kinds.map((kind) => others.filter((unit) => unit.kind === kind))]
}

/** What fails in these suites is the change's doing only where they pass without it, and without the others of their file. */
async function ranWith(mutant, units, { place, only }) {
  const ran = await inTime(mutant, units, { place, only })
  if (ran.over || ran.failed === null || (await standAlone(ran.where, { place, only }))) return ran
  return inTime(mutant, units, { place, only: units.flatMap(({ suites }) => suites) })
}

const alone = new Map()

async function standAlone(unit, { place, only }) {
  const those = unit.suites.filter((suite) => only.includes(suite))
  if (those.length === unit.suites.length) return true
  const name = JSON.stringify([unit.name, ...those])
  if (!alone.has(name)) {
    switchOn(place, '')
    const { failed, over } = await runUnits(place, [unit], { limit: limitOf([unit]), only: those })
    alone.set(name, failed === null && !over)
  }
  return alone.get(name)
}

/** What the machine has taken for these units, three times, and a quarter of a minute. */
const limitOf = (units, took = units.reduce((sum, unit) => sum + unit.took, 0)) => 15_000 + 3 * took

/** Whoever is over the limit is timed against an unchanged run: the machine may have become slower. */
async function inTime(mutant, units, { place, only }) {
  let limit = limitOf(units)
  for (;;) {
    switchOn(place, mutant.id)
    const ran = await runUnits(place, units, { limit, only })
    if (!ran.over) return ran
    switchOn(place, '')
    const { took } = await runUnits(place, units, { limit, only })
    if (15_000 + 2 * took <= limit) return ran
    limit = limitOf(units, took)
  }
}
