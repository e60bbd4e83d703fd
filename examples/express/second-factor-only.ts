import express from 'express'
import { createNightlatch, nightlatch, requireSession, sessionOf } from 'nightlatch/express'
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

const app = express()
app.use(nightlatch(auth))

app.get('/private', requireSession(auth), (request, response) => {
  const { account } = sessionOf(request)
  response.send(`Hello ${account.username}`)
})

app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
