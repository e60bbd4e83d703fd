import Fastify from 'fastify'
import { createNightlatch, nightlatch, requireSession, sessionOf } from 'nightlatch/fastify'

const auth = await createNightlatch({
  origin: 'http://localhost:3000',
  basePath: '/auth',
  issuer: 'Photos',
})

const app = Fastify()
await app.register(nightlatch(auth))

app.get('/', (_request, reply) =>
  reply.type('text/html').send('Everybody sees this. <a href="/private">This one</a> needs a sign-in.'),
)

app.get('/private', { preHandler: requireSession(auth) }, (request, reply) => {
  const { account } = sessionOf(request)
  return reply.send(`Hello ${account.username}`)
})

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
