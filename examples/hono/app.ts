import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createNightlatch, nightlatch, requireSession, type NightlatchVariables } from 'nightlatch/hono'

/** Hono hides the connection: whose it is, is kept here for the counting of wrong passwords. */
const addresses = new WeakMap<Request, string>()

const auth = await createNightlatch({
  origin: 'http://localhost:3000',
  basePath: '/auth',
  issuer: 'Photos',
  clientAddress: (request) => addresses.get(request),
})

const app = new Hono<{ Variables: NightlatchVariables }>()
app.use(nightlatch(auth))

app.get('/', (c) => c.html('Everybody sees this. <a href="/private">This one</a> needs a sign-in.'))

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
