/**
 * What was promised to whom, kept outside of what is tested: every answer that counts is written down when it
 * arrives, and compared later with what the servers and the database say.
 */

/** @typedef {{ account: string, proof: string, hash: string | null, beganAt: number, validUntil: number, accepted: number, cookies: string[], resent: number }} Use */

export function newLedger() {
  return {
    counts: {
      tried: 0,
      acknowledged: 0,
      refused503: 0,
      cut: 0,
      refusedOtherwise: new Map(),
      resent: 0,
      signOuts: 0,
      wrongCodes: 0,
      rechecked: 0,
      keptUnanswered: 0,
    },
    /** Every code that was sent. @type {Use[]} */
    uses: [],
    /** Sessions that were given and not ended. */
    sessions: [],
    /** Sessions whose end was acknowledged. */
    ended: [],
    /** When something was answered as it should be, in milliseconds of the steady clock. */
    served: { check: [], signIn: [] },
    /** What must not happen: sentences. */
    broken: { lost: [], twice: [], refunded: [], alive: [] },
  }
}

export function noteRefusal(ledger, reply) {
  const { counts } = ledger
  if (reply.status === 0 || reply.status === 502 || reply.status === 504) counts.cut += 1
  else if (reply.status === 503) counts.refused503 += 1
  else {
    const why = `${reply.status} ${reply.code}`.trim()
    counts.refusedOtherwise.set(why, (counts.refusedOtherwise.get(why) ?? 0) + 1)
  }
}

/** A code was accepted, with a session as the answer. */
export function noteAcceptance(ledger, use, cookie) {
  use.accepted += 1
  if (use.accepted > 1) ledger.broken.twice.push(`${use.account}: a code was accepted ${use.accepted} times`)
  const session = { account: use.account, cookie, at: performance.now(), isEnding: false }
  ledger.sessions.push(session)
  return session
}

function byAccount(items) {
  const found = new Map()
  for (const item of items) found.set(item.account, [...(found.get(item.account) ?? []), item])
  return found
}

/**
 * Compares with what the database has kept in the end: the audit trail in its order, and the hashes of the recovery
 * codes that can still be used.
 */
export function compareWithKept(ledger, kept) {
  const named = (event) => kept.audit.filter((one) => one.event === event)
  for (const [use, events] of eventsByUse(ledger.uses, named('sign-in.completed')))
    compareUse(ledger, use, { events, isUsable: kept.recoveryHashes.has(use.hash) })
  const signedOut = byAccount(named('session.signed-out'))
  for (const [account, ended] of byAccount(ledger.ended))
    if ((signedOut.get(account)?.length ?? 0) < ended.length)
      ledger.broken.lost.push(`${account}: the audit trail lacks a sign-out that was acknowledged`)
}

function compareUse({ counts, broken }, { account, accepted }, { events, isUsable }) {
  if (accepted > 0 && events === 0)
    broken.lost.push(`${account}: the audit trail lacks a sign-in that was acknowledged`)
  if (accepted > 0 && isUsable) broken.lost.push(`${account}: a spent recovery code is there again`)
  if (events > Math.max(1, accepted)) broken.twice.push(`${account}: one code began ${events} sessions`)
  if (accepted === 0 && events === 1) counts.keptUnanswered += 1
}

/** Each event belongs to the last code that was sent for the account before it: an account waits in between. */
export function eventsByUse(uses, completed) {
  const counted = new Map(uses.map((use) => [use, 0]))
  const usesOf = byAccount(uses)
  for (const { account, at } of completed) {
    const use = usesOf.get(account)?.findLast((one) => Math.floor(one.beganAt / 1000) <= at)
    if (use !== undefined) counted.set(use, counted.get(use) + 1)
  }
  return counted
}

/** Wrong codes that were looked at must all be counted. */
export function compareGuesses(ledger, guessers, failures) {
  for (const { account, looked } of guessers)
    if ((failures.get(account) ?? 0) < looked)
      ledger.broken.refunded.push(`${account}: ${looked} wrong codes, ${failures.get(account) ?? 0} counted`)
}
