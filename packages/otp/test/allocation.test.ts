/** What a verification costs the garbage collector: its verdict, and nothing else. Counted in a process of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const index = new URL('../dist/index.js', import.meta.url)
const built = existsSync(index)

/** Heap bytes a call, the least of many rounds: the compiler takes some until it is done. */
const program = `
import { Totp } from ${JSON.stringify(index.href)}
const totp = new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
const options = { atSeconds: 1111111111, afterStep: 37037030 }
let kept
const works = {
  right: () => totp.verify('050471', options),
  wrong: () => totp.verify('000000', options),
  rightVerdict: () => ({ matched: true, step: 37037037, offset: 0 }),
  wrongVerdict: () => ({ matched: false, why: 'wrong' }),
}
// In turns: an object literal that the compiler has not seen used keeps sixteen bytes of notes with each object.
for (let call = 0; call < 100_000; call++) for (const work of Object.values(works)) kept = work()
const least = {}
for (let round = 0; round < 12; round++)
  for (const [name, work] of Object.entries(works)) {
    gc()
    const before = process.memoryUsage().heapUsed
    for (let call = 0; call < 30_000; call++) kept = work()
    const bytes = (process.memoryUsage().heapUsed - before) / 30_000
    least[name] = Math.min(least[name] ?? Infinity, bytes)
  }
console.log(JSON.stringify(least))`

const flags = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64', '--input-type=module']

describe.skipIf(!built)(`a verification${built ? '' : ' (skipped: not built, npm run build)'}`, () => {
  it('with a prepared key allocates its verdict and nothing else', () => {
    const told = spawnSync(process.execPath, [...flags, '-e', program], { encoding: 'utf8' })
    const bytes = JSON.parse(told.stdout) as Record<
      'right' | 'wrong' | 'rightVerdict' | 'wrongVerdict',
      number
    >
    expect(bytes.wrongVerdict).toBeGreaterThan(8)
    // The eight bytes of one number more would show.
    expect(bytes.right - bytes.rightVerdict).toBeLessThan(4)
    expect(bytes.wrong - bytes.wrongVerdict).toBeLessThan(4)
  })
})
