import { createNightlatch, type NightlatchAuth } from 'nightlatch/next'
import { findUser, passwordFits } from './users'

const shared = globalThis as { nightlatch?: Promise<NightlatchAuth> }

export const auth = (): Promise<NightlatchAuth> =>
  (shared.nightlatch ??= createNightlatch({
    origin: process.env.ORIGIN ?? 'http://localhost:3000',
    basePath: '/auth',
    issuer: 'Photos',
    accounts: {
      verifyPassword: async (username, password) => {
        const user = await findUser(username)
        return user !== null && (await passwordFits(user, password)) ? user : null
      },
    },
  }))
