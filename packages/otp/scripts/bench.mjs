/**
 * All candidates side by side: in every round each does every task for a short while, in turning order, so that a noisy
 * machine disturbs all alike, and by processor time. Prints medians, and ratios to the fastest JavaScript peer taken round by round, as
 * markdown. The peers are installed into a folder that is thrown away. Needs a build. Bounded: about a minute and a half.
 * Usage: npm run bench -w packages/otp [-- ROUNDS [MILLISECONDS_PER_TASK]]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foreign, loader, measureForeign, ours, packages, peers, SECRET } from './bench/candidates.mjs'
import { Totp } from '../dist/index.js'

const rounds = Number(process.argv[2] ?? 15)
const milliseconds = Number(process.argv[3] ?? 40)
const now = Math.floor(Date.now() / 1000)
const right = new Totp({ secret: SECRET }).at(now)
const task = { now, right, wrong: right === '000000' ? '000001' : '000000' }
const KINDS = ['generate', 'right', 'wrong']
const folder = mkdtempSync(join(tmpdir(), 'otp-bench-'))

async function candidates() {
  const install = [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    ...packages,
  ]
  if (spawnSync('npm', install, { stdio: 'ignore', timeout: 120_000 }).status !== 0) {
    console.error('The peers could not be installed: only this package is measured.')
    return [ours(task)]
  }
  const load = loader(folder)
  const version = (name) =>
    JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
  const all = [ours(task)]
  for (const [name, make] of Object.entries(peers)) {
    all.push({ name: `${name} ${version(name)}`, ...(await make(load, task)) })
  }
  return all
}

/** Does the work answer as it should? A candidate that verifies wrongly is no candidate. */
async function check({ name, beforeRound, fresh, reused }) {
  beforeRound?.()
  for (const work of [fresh, reused].filter(Boolean)) {
    const told = await work.generate()
    if ((typeof told === 'string' ? told : told.otp).length !== 6) throw new Error(`${name} makes no code`)
    if (work.right && (work.right() !== true || work.wrong() !== false))
      throw new Error(`${name} verifies wrongly`)
  }
}

/** Milliseconds of processor time of this process: time in which others had the processor does not count. */
function cpuMilliseconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Calls in a second of processor time; the clock is looked at ever less often, as looking takes time too. */
async function speed(work, asynchronous) {
  const start = cpuMilliseconds()
  let done = 0
  let spent = 0
  for (let batch = 20; spent < milliseconds; spent = cpuMilliseconds() - start) {
    for (let call = 0; call < batch; call++) {
      const result = work()
      if (asynchronous) await result
    }
    done += batch
    if (spent < milliseconds / 10) batch *= 2
  }
  return (done / spent) * 1000
}

/** figures.get('name|mode|kind') is one number for each round. */
const figures = new Map()
const note = (key, value) => {
  figures.set(key, [...(figures.get(key) ?? []), value])
}

async function oneRound(all, others, round) {
  for (let place = 0; place < all.length; place++) {
    const candidate = all[(place + round) % all.length]
    candidate.beforeRound?.()
    for (const mode of ['fresh', 'reused']) {
      for (const kind of KINDS) {
        const work = candidate[mode]?.[kind]
        if (work) note(`${candidate.name}|${mode}|${kind}`, await speed(work, candidate.slow))
      }
    }
  }
  for (const other of others) {
    for (const mode of ['fresh', 'reused']) {
      const told = measureForeign(other, task, { seconds: milliseconds / 1000, mode })
      for (const kind of KINDS) note(`${other.name}|${mode}|${kind}`, told[kind])
    }
  }
}

const median = (values) => values.toSorted((one, two) => one - two)[values.length >> 1]
const short = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${Math.round(value / 1e3)} k`)
const cell = (key) => (figures.has(key) ? short(median(figures.get(key))) : '')

function table(title, mode, names) {
  console.log(`\n| ${title} | generate/s | verify right/s | verify wrong/s |\n| --- | ---: | ---: | ---: |`)
  for (const name of names) {
    const cells = KINDS.map((kind) => cell(`${name}|${mode}|${kind}`))
    if (cells.some((text) => text !== '')) console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
}

/** Round by round: ours through the best of the others in that mode. */
function ratio(mode, kind, names) {
  const rivals = names.filter((name) => figures.has(`${name}|${mode}|${kind}`))
  if (rivals.length === 0) return ''
  const best = rivals.reduce((one, two) =>
    median(figures.get(`${two}|${mode}|${kind}`)) > median(figures.get(`${one}|${mode}|${kind}`)) ? two : one,
  )
  const mine = figures.get(`@nightlatch/otp|${mode}|${kind}`)
  const theirs = figures.get(`${best}|${mode}|${kind}`)
  return `${median(mine.map((value, at) => value / theirs[at])).toFixed(1)} (${best.replace(/ [\d.]+$/, '')})`
}

/** Right and wrong codes half and half, as operations a second: the harmonic mean. */
function addMean(names) {
  for (const name of names) {
    for (const mode of ['fresh', 'reused']) {
      const [one, two] = ['right', 'wrong'].map((kind) => figures.get(`${name}|${mode}|${kind}`))
      if (one) one.forEach((value, at) => note(`${name}|${mode}|mean`, 2 / (1 / value + 1 / two[at])))
    }
  }
}

function ratios(jsPeers, others) {
  const rows = [
    ['base32 secret, to the fastest JavaScript peer', 'fresh', jsPeers],
    ['prepared, to the fastest reused object of a JavaScript peer', 'reused', jsPeers],
    ['base32 secret, to other languages', 'fresh', others],
    ['prepared, to other languages', 'reused', others],
  ]
  console.log('\n| times as fast | generate | verify right | verify wrong | right and wrong, half each |')
  console.log('| --- | ---: | ---: | ---: | ---: |')
  for (const [title, mode, names] of rows) {
    const cells = [...KINDS, 'mean'].map((kind) => ratio(mode, kind, names))
    if (cells[0] !== '') console.log(`| ${title} | ${cells.join(' | ')} |`)
  }
}

/** Milliseconds of processor time for the import and the first verification in processes that have just begun. */
function cold(name, program) {
  const runs = Array.from({ length: 11 }, () => {
    const told = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: folder })
    return JSON.parse(told.stdout.toString())
  })
  const [imported, first] = ['imported', 'first'].map((key) => median(runs.map((run) => run[key])).toFixed(2))
  console.log(`| ${name} | ${imported} | ${first} |`)
}

/** Bytes on the heap for each verification, the verdict included, counted while no garbage is collected. */
function allocation() {
  const program = `
import { Totp } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
const totp = new Totp({ secret: '${SECRET}' })
const options = { atSeconds: ${now} }
let kept
const many = (code, times) => { for (let call = 0; call < times; call++) kept = totp.verify(code, options) }
// In turns: an object literal that the compiler has not seen used keeps sixteen bytes of notes with each object.
for (let round = 0; round < 200000; round++) for (const code of ['${right}', '${task.wrong}']) many(code, 1)
for (const code of ['${right}', '${task.wrong}']) many(code, 100000)
const bytes = ['${right}', '${task.wrong}'].map((code) => {
  gc()
  const before = process.memoryUsage().heapUsed
  many(code, 100000)
  return (process.memoryUsage().heapUsed - before) / 100000
})
console.log(bytes.map((value) => value.toFixed(1)).join(' and '))`
  const flags = [
    '--expose-gc',
    '--max-semi-space-size=256',
    '--min-semi-space-size=256',
    '--input-type=module',
  ]
  const told = spawnSync(process.execPath, [...flags, '-e', program])
    .stdout.toString()
    .trim()
  console.log(
    `\nHeap bytes for each verification with a prepared key, right and wrong, the verdict included: ${told}.`,
  )
}

function coldTable(withPeers) {
  const index = JSON.stringify(fileURLToPath(new URL('../dist/index.js', import.meta.url)))
  const program = (from, use) => `
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
const start = cpu()
const otp = await import(${from})
const loaded = cpu()
const result = ${use}
const done = cpu()
console.log(JSON.stringify({ imported: loaded - start, first: done - loaded }))`
  console.log(
    '\n| in a cold process, ms of processor time | import | first verification |\n| --- | ---: | ---: |',
  )
  cold('(a module with nothing in it)', program(`'data:text/javascript,export const nothing = 0'`, '0'))
  cold('@nightlatch/otp', program(index, `new otp.Totp({ secret: '${SECRET}' }).verify('${right}')`))
  if (!withPeers) return
  cold(
    'otpauth',
    program(`'otpauth'`, `new otp.TOTP({ secret: '${SECRET}' }).validate({ token: '${right}' })`),
  )
  cold(
    'otplib',
    program(`'otplib'`, `otp.verifySync({ secret: '${SECRET}', token: '${right}', epochTolerance: 30 })`),
  )
}

/** The two hash functions that few apps know, beside the fastest peer, which has them from the platform. */
async function otherAlgorithms() {
  const { TOTP } = await loader(folder)('otpauth')
  console.log('\n| | generate/s, base32 secret in | verify wrong/s, prepared |\n| --- | ---: | ---: |')
  for (const algorithm of ['SHA256', 'SHA512']) {
    const options = { secret: SECRET, algorithm }
    const [own, peer] = [new Totp(options), new TOTP(options)]
    const works = [
      () => new Totp(options).at(now),
      () => own.verify('000000', { atSeconds: now }),
      () => new TOTP(options).generate({ timestamp: now * 1000 }),
      () => peer.validate({ token: '000000', timestamp: now * 1000, window: 1 }),
    ]
    const told = works.map(() => [])
    for (let round = 0; round < rounds; round++)
      for (const [at, work] of works.entries()) told[at].push(await speed(work, false))
    const [generate, wrong, theirGenerate, theirWrong] = told.map((values) => short(median(values)))
    console.log(`| ${algorithm}, @nightlatch/otp | ${generate} | ${wrong} |`)
    console.log(`| ${algorithm}, otpauth | ${theirGenerate} | ${theirWrong} |`)
  }
}

try {
  const all = await candidates()
  const others = foreign(folder)
  for (const candidate of all) await check(candidate)
  for (let round = -1; round < rounds; round++) {
    // The first round warms up.
    if (round === 0) figures.clear()
    await oneRound(all, others, round + 1)
  }
  const names = all.map((one) => one.name)
  const otherNames = others.map((one) => one.name)
  addMean([...names, ...otherNames])
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores; SHA-1, 6 digits, window ±1;`,
  )
  console.log(`median of ${rounds} alternating rounds of ${milliseconds} ms of processor time each.`)
  table('base32 secret in, every time', 'fresh', [...names, ...otherNames])
  table('object or key prepared once', 'reused', [...names, ...otherNames])
  ratios(names.slice(1), otherNames)
  if (all.length > 1) await otherAlgorithms()
  coldTable(all.length > 1)
  allocation()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
