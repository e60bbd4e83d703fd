/** Asks the servers about what was promised: sessions that were given live, sessions that were ended do not. */
import { isUnknown, send } from './browser.mjs'

const mostTries = 20

/** Until a server says something definite. */
async function ask(world, cookie) {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const reply = await send(world.anyServer(), { call: 'GET /session', cookie })
    if (!isUnknown(reply)) return reply
    await world.pause(250)
  }
  return { status: 0, code: 'no answer' }
}

async function inParallel(items, act) {
  const queue = items[Symbol.iterator]()
  const one = async () => {
    for (const item of queue) await act(item)
  }
  await Promise.all(Array.from({ length: 4 }, one))
}

/** @param {number} since only what was acknowledged from this moment of the steady clock on */
export async function recheck(world, since = -Infinity) {
  const { ledger } = world
  const recent = (list) => list.filter((one) => one.at >= since)
  await inParallel(recent(ledger.sessions), async (session) => {
    const reply = await ask(world, session.cookie)
    ledger.counts.rechecked += 1
    if (session.isEnding || (reply.status === 200 && reply.value.account.id === session.account)) return
    ledger.broken.lost.push(
      `${session.account}: an acknowledged session is gone: ${reply.status} ${reply.code}`,
    )
  })
  await inParallel(recent(ledger.ended), async (session) => {
    const reply = await ask(world, session.cookie)
    ledger.counts.rechecked += 1
    if (reply.status === 401) return
    ledger.broken.alive.push(`${session.account}: an ended session is answered ${reply.status}`)
  })
}
