/** A draw of the changes of an outer layer: each is switched on and the tests that come past it run, the nearest first. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCopy, switchOn } from './copy.mjs'
import { drawn } from './draw.mjs'
import { reachedByLoading, reachOf, suitesFor, unitsFor } from './reach.mjs'
import { report } from './report.mjs'
import { configureTests, runUnit, unitsOf } from './tests.mjs'

const promised = 80

/** Each layer, and the tests that are about it. */
export const sampledSubjects = {
  http: { folders: ['http', 'attacks', 'pages', 'journeys', 'oidc'] },
  protect: { folders: ['protect'] },
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
  for (const unit of units.slice(0, enough)) {
    const { failed, over } = await ranWith(mutant, unit, { place, only: suitesFor(mutant, unit, loaded) })
    if (over) return { killed: true, by: `(it never ends) ${unit.name}` }
    if (failed !== null) return { killed: true, by: `${unit.name} > ${failed}` }
  }
  const left = units.length - enough
  return { killed: false, by: left > 0 ? `(${left} more test files come past it)` : '' }
}

/** What fails in these suites is the change's doing only where they pass without it, and without the other suites. */
async function ranWith(mutant, unit, { place, only }) {
  const ran = await inTime(mutant, unit, { place, only })
  if (only === null || (ran.failed === null && !ran.over)) return ran
  return (await standAlone(unit, { place, only })) ? ran : inTime(mutant, unit, { place, only: null })
}

const alone = new Map()

async function standAlone(unit, { place, only }) {
  const name = JSON.stringify([unit.name, ...only])
  if (!alone.has(name)) {
    switchOn(place, '')
    const { failed, over } = await runUnit(place, unit, { limit: 15_000 + 3 * unit.took, only })
    alone.set(name, failed === null && !over)
  }
  return alone.get(name)
}

/** The limit is what the machine takes at this moment: one that is over it is timed against an unchanged run. */
async function inTime(mutant, unit, { place, only }) {
  let limit = 15_000 + 3 * unit.took
  for (;;) {
    switchOn(place, mutant.id)
    const ran = await runUnit(place, unit, { limit, only })
    if (!ran.over) return ran
    switchOn(place, '')
    const { took } = await runUnit(place, unit, { limit, only })
    if (15_000 + 2 * took <= limit) return ran
    limit = 15_000 + 3 * took
  }
}
