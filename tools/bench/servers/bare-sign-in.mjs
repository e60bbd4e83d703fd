/**
 * What no server can do without: two requests, and the hash of a password in the first. Nothing is kept or checked; a GET is
 * answered at once.
 */
import { createServer } from 'node:http'
import { Secret } from '../../../packages/nightlatch/dist/core/secret.js'
import { createPasswordHasher } from '../../../packages/nightlatch/dist/crypto/password-hasher.js'
import { answerQuestions } from '../lib/child.mjs'

const passwords = createPasswordHasher()
const password = new Secret('correct horse battery')
const cookies = { '/login': 'nightlatch-sign-in', '/mfa/verify': 'nightlatch-session' }
const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end('{}')
  request.resume()
  request.once('end', async () => {
    if (request.url === '/login') await passwords.verify(passwords.unknownAccountHash, password)
    const cookie = `${cookies[request.url]}=${'a'.repeat(43)}; Path=/; HttpOnly; SameSite=Lax`
    response.writeHead(303, { location: '/', 'set-cookie': cookie, 'content-length': '0' })
    response.end()
  })
})
server.keepAliveTimeout = 65_000
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
