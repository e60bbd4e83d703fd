/** People who sign in, sign out, and send their codes again; and somebody who guesses. */
import { Secret, TOTP } from 'otpauth'
import { testPassword } from './accounts.mjs'
import { cookieOf, isUnknown, send } from './browser.mjs'
import { noteAcceptance, noteRefusal } from './ledger.mjs'

const stepMs = 30_000
/** Until the last code is worth nothing any more, with one step to spare: then the account may come again. */
const restMs = 3 * stepMs
const signOutShare = 0.3

/** Another program's code for the same secret. */
const codeAt = (key, timestamp) => new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp })

/** The address that a person comes from: wrong passwords are counted by address too. */
const addressOf = (number) => `127.1.${number >> 8}.${number & 255 || 255}`

/** Takes turns through people that have nothing to do. */
export function inTurn(people) {
  let at = 0
  for (const [number, person] of people.entries())
    Object.assign(person, { from: addressOf(number), freeAt: 0 })
  return () => {
    for (let tries = 0; tries < people.length; tries += 1) {
      const person = people[(at += 1) % people.length]
      if (person.freeAt <= Date.now()) return person
    }
    return null
  }
}

/** The first step. @returns the answer; its cookie stands for the sign-in */
export async function givePassword(port, { username, from }) {
  const body = { username, password: testPassword }
  const reply = await send(port, { call: 'POST /sign-in', body, from })
  return { reply, cookie: reply.status === 200 ? cookieOf(reply, 'sign-in') : '' }
}

const sendProof = (port, { use, cookie }) => {
  const [call, name] = use.hash === null ? ['verify', 'otp'] : ['recovery', 'recoveryCode']
  return send(port, { call: `POST /sign-in/${call}`, body: { [name]: use.proof }, cookie, from: use.from })
}

/** What this person proves it with: the code of this moment, or the next recovery code. */
function nextUse(person, cookies) {
  const beganAt = Date.now()
  const common = {
    account: person.account,
    from: person.from,
    beganAt,
    accepted: 0,
    cookies,
    isUnknown: false,
  }
  if (person.codes.length === 0) {
    const validUntil = (Math.floor(beganAt / stepMs) + 2) * stepMs
    return { ...common, proof: codeAt(person.key, beganAt), hash: null, validUntil }
  }
  const { code, hash } = person.codes.shift()
  return { ...common, proof: code, hash, validUntil: Infinity }
}

/**
 * One whole sign-in through the proxy. A second sign-in of the same person is begun at a server directly, so that the
 * code can be sent once more as soon as the first answer is there.
 */
export async function signIn(world, person) {
  const { ledger, front } = world
  person.freeAt = Infinity
  ledger.counts.tried += 1
  const [first, spare] = await Promise.all([
    givePassword(front, person),
    givePassword(world.anyServer(), person),
  ])
  if (first.cookie === '') {
    noteRefusal(ledger, first.reply)
    person.freeAt = Date.now() + 1000
    return
  }
  const use = nextUse(
    person,
    [first.cookie, spare.cookie].filter((cookie) => cookie !== ''),
  )
  ledger.uses.push(use)
  const reply = await sendProof(front, { use, cookie: first.cookie })
  const session = accepted(world, use, reply)
  if (session === null) {
    noteRefusal(ledger, reply)
  } else {
    ledger.counts.acknowledged += 1
    ledger.served.signIn.push(performance.now())
  }
  await resend(world, use)
  if (session !== null && world.random() < signOutShare) await signOut(world, session)
  person.freeAt = use.hash === null ? Date.now() + restMs : Date.now()
}

function accepted({ ledger }, use, reply) {
  const cookie = reply.status === 200 ? cookieOf(reply, 'session') : ''
  return cookie === '' ? null : noteAcceptance(ledger, use, cookie)
}

/** Sends a code once more for every sign-in of the person that is still open, to a server of its own choice. */
async function resend(world, use) {
  const open = use.accepted > 0 ? use.cookies.slice(1) : use.cookies
  for (const cookie of open) {
    if (use.resent >= mostResentEach) return
    use.resent += 1
    const reply = await sendProof(world.anyServer(), { use, cookie })
    world.ledger.counts.resent += 1
    accepted(world, use, reply)
  }
}

/** Every one counts as a wrong code of the account, which has five. */
const mostResentEach = 3
const mostResent = 60

/** Right after a failover: the newest codes that would still be right if nobody remembered them. */
export async function resendAll(world) {
  const now = Date.now()
  const valid = world.ledger.uses.filter((use) => use.validUntil > now && use.cookies.length > 0)
  const codes = valid.filter((use) => use.hash === null).slice(-mostResent)
  const newest = new Map(valid.filter((use) => use.hash !== null).map((use) => [use.account, use]))
  for (const use of [...codes, ...[...newest.values()].slice(-8)]) await resend(world, use)
}

async function signOut({ ledger, front }, session) {
  session.isEnding = true
  ledger.sessions.splice(ledger.sessions.indexOf(session), 1)
  const reply = await send(front, { call: 'DELETE /session', cookie: session.cookie })
  if (reply.status === 204) {
    ledger.ended.push({ account: session.account, cookie: session.cookie, at: performance.now() })
    ledger.counts.signOuts += 1
  } else if (!isUnknown(reply))
    ledger.broken.lost.push(
      `${session.account}: a new session could not sign out: ${reply.status} ${reply.code}`,
    )
}

/** Everybody who will guess gives the right password once: the sign-in stays open for a quarter of an hour. */
export async function beginGuessing(world, guessers) {
  for (const [number, person] of guessers.entries()) {
    const { cookie } = await givePassword(world.front, { ...person, from: addressOf(60_000 + number) })
    Object.assign(person, { cookie, looked: 0, waitsUntil: 0 })
  }
}

/** Never right: none of the codes around now. */
function wrongCode(world, key) {
  const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((steps) => codeAt(key, Date.now() + steps * stepMs)))
  for (;;) {
    const code = String(Math.floor(world.random() * 1_000_000)).padStart(6, '0')
    if (!near.has(code)) return code
  }
}

const freeGuesses = 5

/** A wrong code; it must not be looked at during the wait that the last ones have brought about. */
export async function guess(world, person) {
  const { ledger } = world
  const began = Date.now()
  const ask = {
    call: 'POST /sign-in/verify',
    body: { otp: wrongCode(world, person.key) },
    cookie: person.cookie,
  }
  const reply = await send(world.anyServer(), ask)
  if (reply.code !== 'wrong-code') return
  if (Date.now() < person.waitsUntil)
    ledger.broken.refunded.push(`${person.account}: a wrong code was looked at during the wait`)
  person.looked += 1
  ledger.counts.wrongCodes += 1
  if (person.looked < freeGuesses) return
  const waitMs = Math.min(3_600_000, stepMs * 2 ** (person.looked - freeGuesses))
  person.waitsUntil = Math.floor(began / 1000) * 1000 + waitMs
}

/** A session check as any page makes it. */
export async function check({ ledger, front }, watcher) {
  const reply = await send(front, { call: 'GET /session', cookie: watcher.cookie })
  if (reply.status === 200) ledger.served.check.push(performance.now())
  else if (!isUnknown(reply))
    ledger.broken.lost.push(`the watcher's session was refused: ${reply.status} ${reply.code}`)
}
