import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createNightlatch, nightlatch, requireSession, type NightlatchVariables } from 'nightlatch/hono'

const auth = await createNightlatch({
  origin: 'http://localhost:3000',
  basePath: '/auth',
  issuer: 'Photos',
})

const app = new Hono<{ Variables: NightlatchVariables }>()
app.use(nightlatch(auth))

app.get('/', (c) => c.html('Everybody sees this. <a href="/private">This one</a> needs a sign-in.'))

app.get('/private', requireSession(auth), (c) => {
  const { account } = c.get('nightlatch')
  return c.text(`Hello ${account.username}`)
})

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
