/** Whether the time of an answer to "I have forgotten my password" says whose name was typed: it must not. */
import { createServer } from 'node:net'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'

const perKind = 800
const toWarmUp = 100

/** A mail server that takes connections and says nothing: what waits for it stays, and nobody else does. */
const silent = createServer()

/** @returns what asks with a name, from another address each time, and says how many milliseconds it took */
function asker(port) {
  let asked = 0
  return async (identifier) => {
    asked += 1
    const started = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}/password/forgot`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        'x-forwarded-for': `198.18.${asked >> 8}.${asked & 255}`,
      },
      body: new URLSearchParams({ identifier }),
    })
    await answer.text()
    if (answer.status >= 400) throw new Error(`${identifier}: ${answer.status}`)
    return performance.now() - started
  }
}

export async function run() {
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const env = {
    NIGHTLATCH_SMTP_URL: `smtp://127.0.0.1:${silent.address().port}`,
    NIGHTLATCH_MAIL_FROM: 'auth@example.org',
  }
  const { ready, stop } = await startServer('nightlatch.mjs', { accounts: toWarmUp + perKind, env })
  const ask = asker(ready.port)
  const known = []
  const unknown = []
  for (const [at, { username }] of ready.people.entries()) {
    const both = [
      async () => known.push(await ask(username)),
      async () => unknown.push(await ask(`nobody-${username}`)),
    ]
    // Neither is always the first.
    for (const one of at % 2 === 0 ? both : both.reverse()) await one()
  }
  await stop()
  silent.close()
  const [ours, nobodys] = [known, unknown].map((times) => median(times.slice(toWarmUp)))
  return {
    title: `A new password is asked for, ${perKind} times for each kind of name`,
    columns: ['name', 'median, ms', 'share'],
    rows: [
      ['known', round(ours, 3), 1],
      ['unknown', round(nobodys, 3), round(nobodys / ours, 3)],
    ],
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
