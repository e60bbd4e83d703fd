import { availableParallelism } from 'node:os'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'
import { isQuick } from './scripts/lib/quick.mjs'

/** What takes long, and holds nobody up when it comes last. */
const slow = /\/(operations|races|browser|docs|examples)\/|\/ha\.test/

/** Minutes in one file: nobody waits for it alone at the end. */
const longest = /\/docs\/docs\.test/

const rank = ({ moduleId }: TestSpecification): number => {
  if (isQuick(moduleId)) return 0
  if (longest.test(moduleId)) return 2
  return slow.test(moduleId) ? 3 : 1
}

/** Thousands of quick tests first: what they find is known within the first minute. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    pool: 'threads',
    isolate: false,
    // Much of it waits for servers and browsers: two at once also where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    include: ['packages/*/{src,test}/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Limits for a quiet machine; this file makes them longer on a busy one.
    setupFiles: ['packages/nightlatch/test/support/pace-set-up.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    sequence: { sequencer: QuickFirst },
  },
})
