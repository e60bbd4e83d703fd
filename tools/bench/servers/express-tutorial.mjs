/** The classic tutorial: Express, express-session in memory, Passport. Argument: { modules }. */
import { createRequire } from 'node:module'
import { answerQuestions } from '../lib/child.mjs'

const { modules } = JSON.parse(process.argv[2])
const required = createRequire(`${modules}/package.json`)
const express = required('express')
const session = required('express-session')
const passport = required('passport')
const { Strategy } = required('passport-local')

const person = { id: 1, name: 'Person' }
passport.use(new Strategy((_name, _password, done) => done(null, person)))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((_id, done) => done(null, person))

const app = express()
app.use(express.urlencoded({ extended: false }))
app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
app.use(passport.initialize())
app.use(passport.session())
app.post('/login', passport.authenticate('local'), (_request, response) => response.send('in'))
app.get('/', (request, response) => {
  if (!request.isAuthenticated()) return response.redirect('/login')
  return response.send(`<!doctype html><p>${request.user.name}</p>${'x'.repeat(1500)}`)
})

const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address()
  const body = new URLSearchParams({ username: 'person', password: 'password' })
  const signedIn = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', body })
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  answerQuestions({ port, cookie })
})
