import { describe, expect, it } from 'vitest'
import {
  addressKey,
  deviceKey,
  networkOf,
  passwordKey,
  unknownNameKey,
} from '../../src/core/rate-limits/attempts.js'
import { codeKey, setUpKey } from '../../src/core/factors/totp/counters.js'
import { recoveryKey } from '../../src/core/factors/recovery-codes/counters.js'
import { auditEvent, auditEvents, noClient } from '../../src/core/audit/audit.js'
import type { AccountId } from '../../src/core/ids.js'
import { hasTwoFactors } from '../../src/core/factors/registry.js'
import { isFresh, isLive } from '../../src/core/sessions/session.js'
import type { Session } from '../../src/core/sessions/session.js'
import { nodePlatform as platform } from '../../src/crypto/platform.js'
import { usualLimits } from '../../src/core/policy.js'

const {
  password: passwordPolicy,
  address: addressPolicy,
  code: codePolicy,
  recoveryCode: recoveryPolicy,
} = usualLimits.attempts

describe('an address is counted as its network', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['10.0.0.255', '10.0.0.255'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:203.113.254.190', '203.113.254.190'],
    ['::ffff:cb71:febe', '203.113.254.190'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:192.0.2.1%eth0', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0::1', '2001:db8:0:0::/64'],
    ['2001:db8:0000:0000:1::', '2001:db8:0:0::/64'],
    ['2001:db8:1::', '2001:db8:1:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
    ['2001::2:3:4:5:6', '2001:0:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::2:3:4:5:6:7', '0:0:2:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::1%25en1', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:ffff:c000:201', '1:2:3:4::/64'],
    ['::fffe:c000:201', '0:0:0:0::/64'],
    ['::ffff:0:c000:201', '0:0:0:0::/64'],
    ['', ''],
    ['not an address', 'not an address'],
  ])('%s → %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('a counter', () => {
  const ada = 'a'.repeat(26) as AccountId

  it('has a name of its own for each kind of proof', () => {
    expect(codeKey(ada)).toBe(`code:${ada}`)
    expect(codeKey(ada, 'step-up')).toBe(`step-up-code:${ada}`)
    expect(recoveryKey(ada, 'step-up')).toBe(`step-up-recovery:${ada}`)
    expect(setUpKey(ada)).toBe(`set-up:${ada}`)
    expect(recoveryKey(ada)).toBe(`recovery:${ada}`)
    expect(passwordKey(ada)).toBe(`password:${ada}`)
    expect(addressKey('::ffff:192.0.2.1')).toBe('address:192.0.2.1')
    expect(deviceKey(ada, '0123456789abcdef'.repeat(4))).toBe(`device:${ada}:${'0123456789abcdef'.repeat(2)}`)
    expect(unknownNameKey(platform, 'abc')).toBe('password:?ba7816bf8f01cfea414140de5dae2223')
  })

  it('waits as it is written down', () => {
    const waits = { firstWaitSeconds: 30, longestWaitSeconds: 3600 }
    expect(codePolicy).toEqual({ ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: null })
    expect(recoveryPolicy).toEqual({ ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: 86_400 })
    expect(passwordPolicy).toEqual({ ...waits, waitFrom: 10, lockAt: null, forgetAfterSeconds: 86_400 })
    expect(addressPolicy).toEqual({ ...waits, waitFrom: 50, lockAt: null, forgetAfterSeconds: 86_400 })
  })
})

describe('an event of the audit trail', () => {
  it('names its client, cut to size', () => {
    const client = { address: 'a'.repeat(65), userAgent: 'u'.repeat(257) }
    expect(auditEvent('code.refused', { at: 7, account: null, client })).toEqual({
      at: 7,
      event: 'code.refused',
      account: null,
      address: 'a'.repeat(64),
      userAgent: 'u'.repeat(256),
      details: {},
    })
  })

  it('carries plain facts', () => {
    const details = { left: 3, replaced: true, reason: 'x' }
    const parts = { at: 7, account: 'a'.repeat(26) as AccountId, client: noClient, details }
    expect(auditEvent('recovery-code.used', parts)).toMatchObject({ address: '', userAgent: '', details })
  })

  it('has a name that nothing changes: scripts read them', () => {
    expect(auditEvents).toMatchInlineSnapshot(`
      [
        "account.created",
        "account.disabled",
        "account.enabled",
        "account.removed",
        "account.imported",
        "account.registered",
        "account.approved",
        "account.invited",
        "account.invitation-used",
        "account.second-factor-reset",
        "account.rescued",
        "account.renamed",
        "account.name-changed",
        "account.email-changed",
        "account.email-vouched",
        "account.rights-changed",
        "account.groups-changed",
        "account.end-changed",
        "account.sessions-ended",
        "invitation.added",
        "invitation.withdrawn",
        "group.renamed",
        "group.removed",
        "sign-in.password-accepted",
        "sign-in.password-refused",
        "sign-in.password-throttled",
        "sign-in.completed",
        "code.refused",
        "code.throttled",
        "code.locked",
        "recovery-code.used",
        "recovery-code.refused",
        "recovery-code.throttled",
        "recovery-codes.renewed",
        "authenticator.added",
        "authenticator.renamed",
        "authenticator.removed",
        "authenticator.resynchronised",
        "authenticator.unreadable",
        "token.imported",
        "token.removed",
        "passkey.added",
        "passkey.renamed",
        "passkey.removed",
        "passkey.refused",
        "passkey.throttled",
        "passkey.cloned",
        "set-up.refused",
        "step-up.passed",
        "step-up.refused",
        "password.changed",
        "password.set-by-administrator",
        "password.reset-asked",
        "password.reset",
        "account.undone",
        "session.ended",
        "session.others-ended",
        "session.signed-out",
        "trusted-device.added",
        "trusted-device.ended",
        "trusted-device.reused",
        "trusted-device.unanswered",
        "application.added",
        "application.changed",
        "application.secret-rotated",
        "application.removed",
        "application.access-given",
        "application.access-withdrawn",
        "application.signed-in",
        "application.refused",
        "application.device-denied",
        "application.device-code-refused",
        "application.code-reused",
        "application.secret-refused",
        "application.sign-out-not-told",
        "signing-key.rotated",
        "installation.restored",
        "installation.moved",
      ]
    `)
  })
})

describe('a session', () => {
  const session = { verifiedAt: 1000, lastSeenAt: 1000, expiresAt: 1000 + 604_800 } as Session

  it.each<[string, Partial<Session>, number, boolean]>([
    ['a second before 12 hours without a visit', {}, 1000 + 43_199, true],
    ['at 12 hours without a visit', {}, 1000 + 43_200, false],
    ['a second before 7 days', { lastSeenAt: 605_000 }, 1000 + 604_799, true],
    ['at 7 days', { lastSeenAt: 605_000 }, 1000 + 604_800, false],
  ])('lives %s: %o', (_when, own, now, lives) => {
    expect(isLive(usualLimits, { ...session, ...own }, now)).toBe(lives)
  })

  it.each<[Session['factors'], boolean]>([
    [['password'], false],
    [['password', 'totp'], true],
    [['password', 'recovery-code'], true],
    [['password', 'device'], true],
    [[], false],
  ])('with %j has two factors: %s', (factors, has) => {
    expect(hasTwoFactors({ factors, strength: '' })).toBe(has)
  })

  it.each<[string, Partial<Session>, number, boolean]>([
    ['at once', {}, 1000, true],
    ['a second before 10 minutes', {}, 1599, true],
    ['at 10 minutes', {}, 1600, false],
    ['never, when it was not proven', { verifiedAt: 0 }, 1, false],
    ['from the first second of time on', { verifiedAt: 1 }, 1, true],
  ])('is fresh %s', (_when, own, now, fresh) => {
    expect(isFresh(usualLimits, { ...session, ...own }, now)).toBe(fresh)
  })
})
