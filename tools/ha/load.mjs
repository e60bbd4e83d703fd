/** People come at their own pace, whether or not those before them were served. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beginGuessing, check, guess, inTurn, signIn } from './people.mjs'

/** In milliseconds. A sign-in costs two password hashes, so this fills about a quarter of two cores. */
export const pace = { signIn: 333, recovery: 3000, guess: 1000, check: 100 }
/** How many accounts that takes: one can sign in once in three steps of 30 seconds. */
export const accountsNeeded = { codes: 320, recovery: 20, guessed: 12, watcher: 1 }
const mostInFlight = 60

/** Begins; the answer ends it and waits for what is still under way. */
export async function beginLoad(world, people) {
  await beginGuessing(world, people.guessed)
  const [watcher] = people.watcher
  inTurn(people.watcher)
  await signInWatcher(world, watcher)
  const next = { codes: inTurn(people.codes), recovery: inTurn(people.recovery) }
  let guesses = 0
  const nextGuesser = () => people.guessed[(guesses += 1) % people.guessed.length]
  const loops = [
    every(pace.signIn, () => visit(world, next.codes())),
    every(pace.recovery, () => visit(world, withCodes(next.recovery()))),
    every(pace.guess, () => guess(world, nextGuesser())),
    every(pace.check, () => check(world, watcher)),
  ]
  return async () => {
    await Promise.all(loops.map((stop) => stop()))
  }
}

const withCodes = (person) => (person !== null && person.codes.length > 0 ? person : null)

const visit = async (world, person) => {
  if (person !== null) await signIn(world, person)
}

/** Somebody whose session lasts for the whole run. */
async function signInWatcher(world, watcher) {
  await signIn({ ...world, random: () => 1 }, watcher)
  const session = world.ledger.sessions.find(({ account }) => account === watcher.account)
  if (session === undefined) throw new Error('nobody can sign in before anything is killed')
  watcher.cookie = session.cookie
}

function every(ms, act) {
  const underWay = new Set()
  let over = false
  const loop = async () => {
    for (let due = performance.now(); !over; due += ms) {
      if (underWay.size < mostInFlight) {
        const one = act().finally(() => underWay.delete(one))
        underWay.add(one)
      }
      await sleep(Math.max(0, due + ms - performance.now()))
    }
  }
  const running = loop()
  return async () => {
    over = true
    await running
    await Promise.all(underWay)
  }
}
