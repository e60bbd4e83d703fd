import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { usualLimits } from '../../src/core/policy.js'
import { day, hour, minute } from '../../src/core/ports/platform.js'

const page = readFileSync(new URL('../../../../docs/reference/limits.md', import.meta.url), 'utf8')
const said = new Map(
  [...page.matchAll(/^\| (.+?) +\| (.+?) +\|/gm)].map(([, what = '', how = '']) => [what, how]),
)

const units = { hour, hours: hour, days: day, minutes: minute }

/** `12 hours` → seconds. */
function secondsIn(text: string): number {
  const [, count, unit] = /^(an|\d+) (hour|hours|days|minutes)\b/.exec(text) ?? []
  if (count === undefined || unit === undefined) throw new Error(`no time: ${text}`)
  return (count === 'an' ? 1 : Number(count)) * units[unit as keyof typeof units]
}

const ordinals: Record<string, number> = { fifth: 5, tenth: 10, fiftieth: 50 }

describe('the page about limits says what is so', () => {
  it.each([
    ['a session that nobody uses', usualLimits.session.idleSeconds],
    ['a session at most', usualLimits.session.longestSeconds],
    ['a proof that is fresh enough to change an account', usualLimits.freshSeconds],
    ['a sign-in in progress, after the password', usualLimits.signInSeconds],
    ['a remembered device', usualLimits.trustedDevice.seconds],
    ['an invitation', usualLimits.invitationSeconds],
    ['an invitation for whoever has its link', usualLimits.openInvitation.seconds],
    ['a mail that confirms an address to register', usualLimits.registrationSeconds],
    ['the link for the first account', usualLimits.firstAccountLinkSeconds],
    ['a set-up that is not confirmed', usualLimits.authenticators.setUpSeconds],
    ['a mail that nobody takes', usualLimits.mail.trySeconds],
    ['the link for a forgotten password', usualLimits.passwordReset.linkSeconds],
    ['_It was not me_ in a notice', usualLimits.undoSeconds],
    ['the link that confirms a new address', usualLimits.ownEmail.linkSeconds],
    ['the audit trail', usualLimits.housekeeping.auditSeconds],
  ])('%s', (what, seconds) => {
    expect(secondsIn(said.get(what) ?? '')).toBe(seconds)
  })

  const { password, address, code, setUp, recoveryCode, registration } = usualLimits.attempts
  it.each([
    ['codes at sign-in', code],
    ['codes at the fresh proof', code],
    ['codes that confirm a set-up or add a token', setUp],
    ['recovery codes at sign-in and at a fresh proof', recoveryCode],
    ['passwords of an account', password],
    ['passwords from an address', address],
    ['accounts that an address tries to make', registration],
  ])('%s', (what, policy) => {
    const [, first, from = ''] = /^(\d+) s after the (\w+)$/.exec(said.get(what) ?? '') ?? []
    expect(Number(first)).toBe(policy.firstWaitSeconds)
    expect(ordinals[from]).toBe(policy.waitFrom)
    expect(policy.longestWaitSeconds).toBe(hour)
  })
})
