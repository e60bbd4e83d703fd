/** The sign-in of many a tutorial: a form, a password, a session in memory. No second factor. */
import { randomUUID } from 'node:crypto'
import express from 'express'

const sessions = new Map()
const form = (message = '') => `<!doctype html><title>Login</title><p>${message}</p>
<form method="post"><input name="username"><input name="password" type="password"><button>Login</button></form>`

export function loginForm(findUser) {
  const router = express.Router()
  router.use(express.urlencoded({ extended: false }))
  router.get('/login', (_request, response) => response.send(form()))
  router.post('/login', (request, response) => {
    const { username, password } = request.body
    if (findUser(username, password) === undefined)
      return response.status(401).send(form('Invalid credentials'))
    const id = randomUUID()
    sessions.set(id, username)
    return response.cookie('sid', id, { httpOnly: true }).redirect('/')
  })
  return router
}

export function requireLogin(request, response, next) {
  request.user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1])
  if (request.user === undefined) response.redirect('/login')
  else next()
}
