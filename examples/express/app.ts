import express from 'express'
import { createNightlatch, nightlatch, requireSession, sessionOf } from 'nightlatch/express'

const auth = await createNightlatch({
  origin: 'http://localhost:3000',
  basePath: '/auth',
  issuer: 'Photos',
})

const app = express()
app.use(nightlatch(auth))

app.get('/', (_request, response) => {
  response.send('Everybody sees this. <a href="/private">This one</a> needs a sign-in.')
})

app.get('/private', requireSession(auth), (request, response) => {
  const { account } = sessionOf(request)
  response.send(`Hello ${account.username}`)
})

app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
