import Fastify from 'fastify'
import { createNightlatch, nightlatch, requireSession, sessionOf } from 'nightlatch/fastify'
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

const app = Fastify()
await app.register(nightlatch(auth))

app.get('/private', { preHandler: requireSession(auth) }, (request, reply) => {
  const { account } = sessionOf(request)
  return reply.send(`Hello ${account.username}`)
})

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
