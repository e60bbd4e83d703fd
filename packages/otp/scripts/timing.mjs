/**
 * Does the time of a verification tell where a code is wrong? Welch's t-test in Yuen's form over classes
 * of codes in random order, the slowest fifth of each class left out (interrupts). |t| below 4.5 is the usual bound
 * (Goodwill et al., "A testing methodology for side-channel resistance validation", 2011). Needs a build.
 * Ends with 1 where a difference is seen.
 * As a check of the method itself, the same is done with a comparison that stops at the first difference, which fails.
 */
import { Totp } from '../dist/index.js'

const rounds = Number(process.argv[2] ?? 400_000)
const atSeconds = 1111111111
const totp = new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
const right = totp.at(atSeconds)
const changed = (at) => right.slice(0, at) + ((Number(right[at]) + 5) % 10) + right.slice(at + 1)

const options = { atSeconds }
const verify = (code) => totp.verify(code, options)
const hasty = (code) => {
  let at = 0
  // Hashing that many times stands for a comparison slow enough to be seen.
  while (at < 6 && code.charCodeAt(at) === right.charCodeAt(at)) {
    totp.at(at)
    at++
  }
  return at === 6
}

const KEPT = 0.8
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Mean without the slowest fifth, and its squared standard error from the winsorised variance (Yuen, 1974): the variance
 * of what was kept alone is too small, and would see differences where there are none.
 */
function trimmed(times) {
  const sorted = Float64Array.from(times).sort()
  const count = Math.floor(sorted.length * KEPT)
  const mean = meanOf(sorted.subarray(0, count))
  const winsorised = sorted.fill(sorted[count - 1], count)
  const centre = meanOf(winsorised)
  const variance = winsorised.reduce((sum, time) => sum + (time - centre) ** 2, 0) / (winsorised.length - 1)
  return { mean, error: variance / (KEPT ** 2 * winsorised.length) }
}

/** t of two classes whose members are measured in random order, eight calls at a time. */
function compare(work, one, two) {
  const classes = [[], []]
  for (let round = -20_000; round < rounds; round++) {
    const which = Math.random() < 0.5 ? 0 : 1
    const code = which === 0 ? one : two
    const start = process.hrtime.bigint()
    for (let call = 0; call < 8; call++) work(code)
    const time = Number(process.hrtime.bigint() - start) / 8
    if (round >= 0) classes[which].push(time)
  }
  const [a, b] = classes.map(trimmed)
  return { t: (a.mean - b.mean) / Math.sqrt(a.error + b.error), a: a.mean, b: b.mean }
}

const pairs = [
  ['wrong in the first digit / in the last digit', verify, changed(0), changed(5)],
  [
    'wrong in the last digit / in all',
    verify,
    changed(5),
    right.replace(/\d/g, (digit) => (Number(digit) + 5) % 10),
  ],
  ['a comparison that stops early: first / last digit', hasty, changed(0), changed(5)],
]
console.log('| classes | mean ns | t |\n| --- | --- | ---: |')
for (const [name, work, one, two] of pairs) {
  const { t, a, b } = compare(work, one, two)
  console.log(`| ${name} | ${a.toFixed(1)} / ${b.toFixed(1)} | ${t.toFixed(2)} |`)
  // The hasty comparison has to be seen, ours must not be.
  if (Math.abs(t) < 4.5 !== (work === verify)) process.exitCode = 1
}
