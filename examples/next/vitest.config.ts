import { defineConfig } from 'vitest/config'

/** `npm run test:next`: it installs Next, which is too large for every `npm test`. */
export default defineConfig({
  test: {
    include: ['examples/next/journey.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
})
