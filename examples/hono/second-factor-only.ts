import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createNightlatch, nightlatch, requireSession, type NightlatchVariables } from 'nightlatch/hono'
import { findUser, passwordFits } from './users.ts'

/** Hono hides the connection: whose it is, is kept here for the counting of wrong passwords. */
const addresses = new WeakMap<Request, string>()

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
  clientAddress: (request) => addresses.get(request),
})

const app = new Hono<{ Variables: NightlatchVariables }>()
app.use(nightlatch(auth))

app.get('/private', requireSession(auth), (c) => {
  const { account } = c.get('nightlatch')
  return c.text(`Hello ${account.username}`)
})

serve({
  fetch: (request, { incoming }) => {
    addresses.set(request, incoming.socket.remoteAddress ?? '')
    return app.fetch(request)
  },
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
})
