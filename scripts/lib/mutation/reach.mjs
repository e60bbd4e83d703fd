/** Which tests come past which changes: only those are run for it. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { reached, switchOn } from './copy.mjs'
import { runUnits } from './tests.mjs'

const patience = 15 * 60_000

/** Runs each unit once with nothing changed, unless that was done before with the same code of the layer. */
export async function reachOf({ folder, place, layer, units, say }) {
  const notes = join(folder, 'reach.json')
  const known = existsSync(notes) ? JSON.parse(readFileSync(notes, 'utf8')) : {}
  const shared = digestOf(place, [`packages/nightlatch/src/${layer}`, 'packages/nightlatch/test/support'])
  const found = []
  for (const unit of units) {
    const state = digestOf(place, [unit.file]) + shared
    if (known[unit.name]?.state !== state) {
      known[unit.name] = { state, ...(await recorded(place, unit)) }
      writeFileSync(notes, JSON.stringify(known))
      const { passed, failed, took } = known[unit.name]
      say(`${unit.name}: ${failed === null ? `${passed} tests` : `fails by itself: ${failed}`}, ${took} ms`)
    }
    found.push({ ...unit, ...known[unit.name], ids: new Map(known[unit.name].ids) })
  }
  // Those that fail in a copy with nothing changed could notice everything.
  return found.filter(({ failed, passed }) => failed === null && passed > 0)
}

async function recorded(place, unit) {
  switchOn(place, 'record')
  const { passed, suites, failed, over, took } = await runUnits(place, [unit], {
    limit: patience,
    only: null,
  })
  const ids = [...reached(place)].map(([id, those]) => [id, [...those]])
  return { passed, suites, failed: over ? '(it takes too long)' : failed, took, ids }
}

/** What only loading the modules comes past: every test does, and says little by that. */
export function reachedByLoading(place, layer) {
  switchOn(place, 'record')
  const dist = join(place, 'packages/nightlatch/dist', layer)
  const modules = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'))
  const program = modules
    .filter((name) => !name.endsWith('-worker.js'))
    .map((name) => `await import(${JSON.stringify(join(dist, name))})`)
    .join('\n')
  spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: place, stdio: ['ignore', 2, 2] })
  return reached(place)
}

/** Of files and of everything in folders, as they are in the copy: whoever works on beside it changes nothing. */
function digestOf(place, paths) {
  const hash = createHash('sha256')
  for (const path of paths.flatMap((each) => filesAt(place, each)))
    hash.update(path).update(readFileSync(join(place, path)))
  return hash.digest('hex').slice(0, 16)
}

const filesAt = (place, path) =>
  path.endsWith('.ts')
    ? [path]
    : readdirSync(join(place, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(place, join(entry.parentPath, entry.name)))
        .sort()

/**
 * The units that come past a change, first the ones that are about this file and take little time. What is come past only
 * while modules are loaded belongs to the tests that do something with that file; all others come past it, too, and behind
 * the five nearest of them the quickest go first: tables are compared by tests that start nothing.
 */
export function unitsFor(mutant, { units, loaded, mutants }) {
  const counted = new Map()
  const neighbours = mutants.filter(({ file, id }) => file === mutant.file && !loaded.has(id))
  for (const { id } of neighbours) {
    const those = units.filter((unit) => unit.ids.has(id))
    for (const unit of those) counted.set(unit, (counted.get(unit) ?? 0) + 1 / those.length)
  }
  const worth = (unit) => (counted.get(unit) ?? 0) / (3000 + unit.took)
  const nearest = kindFor(
    mutant,
    units.filter((unit) => unit.ids.has(mutant.id)),
  ).toSorted((one, other) => worth(other) - worth(one) || one.took - other.took)
  if (!loaded.has(mutant.id)) return nearest
  return [...nearest.slice(0, 5), ...nearest.slice(5).toSorted((one, other) => one.took - other.took)]
}

/** PostgreSQL takes its time: its tests run for what is its own, and for what no other test comes past. */
function kindFor({ file }, units) {
  const others = units.filter(({ kind }) => kind !== 'postgres')
  return file.includes('/postgres/') || others.length === 0 ? units : others
}

/** The suites of a unit that come past a change: all of them where it is not known which ones do. */
export function suitesFor(mutant, { ids, suites }, loaded) {
  const those = ids.get(mutant.id).filter((suite) => suite !== '' || !loaded.has(mutant.id))
  return those.length === 0 || those.includes('') ? suites : those
}
