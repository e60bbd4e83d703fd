import { createNightlatch, type NightlatchAuth } from 'nightlatch/next'

const shared = globalThis as { nightlatch?: Promise<NightlatchAuth> }

/** One for the whole process, opened at the first request: `next build` must not need a database. */
export const auth = (): Promise<NightlatchAuth> =>
  (shared.nightlatch ??= createNightlatch({
    origin: process.env.ORIGIN ?? 'http://localhost:3000',
    basePath: '/auth',
    issuer: 'Photos',
  }))
