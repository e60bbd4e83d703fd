import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createNightlatch, nightlatch, requireSession, type NightlatchVariables } from 'nightlatch/hono'
import { findUser, passwordFits } from './users.ts'

const auth = await createNightlatch({
  origin: 'http://localhost:3000',
  basePath: '/auth',
  issuer: 'Photos',
  accounts: {
    verifyPassword: async (username, password) => {
      const user = await findUser(username)
      return user !== null && (await passwordFits(user, password)) ? user : null
    },
  },
})

const app = new Hono<{ Variables: NightlatchVariables }>()
app.use(nightlatch(auth))

app.get('/private', requireSession(auth), (c) => {
  const { account } = c.get('nightlatch')
  return c.text(`Hello ${account.username}`)
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
