import express from 'express'
import { createNightlatch, nightlatch, requireSession } from 'nightlatch/express'

const users = [
  { username: 'user1', password: 'password1' },
  { username: 'user2', password: 'password2' },
]
const findUser = (username, password) =>
  users.find((user) => user.username === username && user.password === password)

const app = express()
const accounts = { verifyPassword: async (username, password) => findUser(username, password) ?? null }
const auth = await createNightlatch({ origin: 'http://localhost:3000', basePath: '/auth', accounts })
app.use(nightlatch(auth))
app.get('/', requireSession(auth), (request, response) => {
  response.send(`<h1>Welcome, ${request.nightlatch.account.username}!</h1>`)
})
app.listen(process.env.PORT ?? 3000, '127.0.0.1')
