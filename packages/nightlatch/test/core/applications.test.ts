import { describe, expect, it } from 'vitest'
import { acrOf, amrOf, claimsOf, meetsAcr, scopesOfClaims } from '../../src/core/applications/claims.js'
import {
  isRegistered,
  mismatchOf,
  parseRedirectUri,
  parseWebUri,
  policySourceOf,
} from '../../src/core/applications/redirects.js'
import {
  activeKey,
  ensureSigningKeys,
  listSigningKeys,
  openSigningKeys,
  rotateSigningKeys,
} from '../../src/core/applications/signing-keys.js'
import { addApplication, readApplication } from '../../src/core/applications/registration.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import type { Session } from '../../src/core/sessions/session.js'
import { usualInput } from '../support/application.js'
import { anAccount } from '../contracts/things.js'
import { useHere } from './people.js'

describe('a redirect address', () => {
  it.each([
    ['https://app.example.org/callback', true],
    ['http://app.lan:8080/callback?x=1', true],
    ['http://[::1]:3000/', true],
    ['https://app.example.org', true],
    ['https://app.example.org/#here', 'fragment'],
    ['https://*.example.org/callback', 'wildcard'],
    ['https://app.example.org/*', 'wildcard'],
    ['https://user@app.example.org/', 'not-an-address'],
    ['https://app.example.org\\@evil.example/', 'not-an-address'],
    ['https://app.example.org/a b', 'not-an-address'],
    ['https:///callback', 'not-an-address'],
    ['https:app.example.org', 'not-an-address'],
    ['https://app.example.org:99999/', 'not-an-address'],
    ['/callback', 'not-an-address'],
    ['', 'not-an-address'],
    ['javascript:alert(1)', 'scheme'],
    ['data:text/html,x', 'scheme'],
    ['org.example.app:/callback', true],
    ['app.immich:///oauth-callback', true],
    ['myapp://callback', true],
  ])('%j as an address to send people back to: %s', (uri, expected) => {
    const parsed = parseRedirectUri(uri)
    expect(parsed).toEqual(expected === true ? { kind: 'uri', uri } : { kind: 'refused', why: expected })
  })

  it.each(['org.example.app:/callback', 'app.immich:///oauth-callback', 'myapp://callback'])(
    '%j is of an app: nothing that a browser opens from our pages, and nowhere to which we go ourselves',
    (uri) => {
      expect(parseWebUri(uri)).toEqual({ kind: 'refused', why: 'private-scheme' })
      expect(isRegistered([uri], uri)).toBe(true)
    },
  )

  it.each<[string, string, boolean]>([
    ['https://app.example.org/a', 'https://app.example.org/a', true],
    ['https://app.example.org/a', 'https://app.example.org:443/a', false],
    ['https://app.example.org/a', 'https://app.example.org/%61', false],
    ['http://127.0.0.1/a', 'http://127.0.0.1:1234/a', true],
    ['http://127.0.0.1:1/a', 'http://127.0.0.1:2/a', true],
    ['http://[::1]/a', 'http://[::1]:2/a', true],
    ['http://localhost:1/a', 'http://127.0.0.1:1/a', false],
    ['https://127.0.0.1:1/a', 'https://127.0.0.1:2/a', false],
    ['http://127.0.0.1/a', 'http://127.0.0.1:1234/a#b', false],
    ['http://app.lan:1/a', 'http://app.lan:2/a', false],
  ])('%j and %j: %s', (registered, asked, same) => {
    expect(isRegistered([registered], asked)).toBe(same)
  })

  it('that is not registered is told from the one that is most like it', () => {
    const registered = ['https://a.example.org/x', 'https://b.example.org:8443/callback']
    expect(mismatchOf(registered, 'https://b.example.org/callback')).toEqual({
      nearest: 'https://b.example.org:8443/callback',
      difference: 'port',
      same: 21,
    })
    expect(mismatchOf([], 'https://b.example.org/')).toEqual({ nearest: null, difference: null, same: 0 })
  })

  it.each([
    ['https://app.example.org:8443/callback?x=1', 'https://app.example.org:8443'],
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
    ['org.example.app:/callback', 'org.example.app:'],
    ["https://app.example.org;script-src'unsafe-inline'/", null],
    ['nonsense', null],
  ])('%j is named in a policy as %j', (uri, source) => {
    expect(policySourceOf(uri)).toBe(source)
  })
})

describe('what an application is told', () => {
  const session = (factors: Session['factors']) => ({ factors, strength: '' as const })

  it('of a person are the names and groups, and an address that nobody has confirmed', () => {
    const account = anAccount({ username: 'ada', name: '', email: 'ada@example.org', groups: ['admins'] })
    expect(claimsOf(account)).toEqual({
      sub: account.id,
      name: 'ada',
      preferred_username: 'ada',
      email: 'ada@example.org',
      email_verified: false,
      groups: ['admins'],
    })
    expect(claimsOf({ ...account, emailVerified: true })).toMatchObject({ email_verified: true })
    expect(claimsOf({ ...account, email: '' })).not.toHaveProperty('email_verified')
    expect(scopesOfClaims(['email', 'name', 'unheard'])).toEqual(['profile', 'email'])
  })

  it.each<[Session['factors'], readonly string[]]>([
    [['password'], ['pwd']],
    [
      ['password', 'totp'],
      ['pwd', 'otp', 'mfa'],
    ],
    [
      ['password', 'recovery-code'],
      ['pwd', 'otp', 'recovery-code', 'mfa'],
    ],
    [
      ['password', 'device'],
      ['pwd', 'device', 'mfa'],
    ],
    [
      ['password', 'passkey'],
      ['pwd', 'hwk', 'mfa'],
    ],
    [['passkey'], ['hwk', 'user', 'mfa']],
  ])('of %j is %j', (factors, amr) => {
    expect(amrOf(session(factors))).toEqual(amr)
  })

  it('is the context that was asked for where it is met, and else what it is', () => {
    const [sfa, mfa] = ['https://refeds.org/profile/sfa', 'https://refeds.org/profile/mfa']
    const [one, two, passkey] = [session(['password']), session(['password', 'totp']), session(['passkey'])]
    expect([acrOf(one, []), acrOf(two, []), acrOf(passkey, [])]).toEqual([sfa, mfa, mfa])
    expect([acrOf(two, [sfa]), acrOf(passkey, ['phr', mfa]), acrOf(one, [mfa])]).toEqual([sfa, 'phr', sfa])
    expect([meetsAcr(one, [mfa]), meetsAcr(two, ['phr', mfa]), meetsAcr(one, [])]).toEqual([
      false,
      true,
      true,
    ])
  })
})

describe('an application', () => {
  const here = useHere()

  it.each([
    [{ name: '' }, 'name'],
    [{ redirectUris: [] }, 'no-redirect'],
    [{ groups: ['a,b'] }, 'group'],
    [{ postLogoutUris: ['javascript:x'] }, 'uri'],
    [{ backchannelLogoutUri: 'org.example.app:/x' }, 'uri'],
    [{ launchUrl: 'nowhere' }, 'uri'],
  ])('with %j is refused for its %s', (wish, what) => {
    expect(readApplication({ ...usualInput, ...wish })).toMatchObject({ kind: 'refused', problem: { what } })
  })

  it.each(['', 'a b', 'a/b', '.', 'x'.repeat(101)])('cannot be called %j', async (id) => {
    const added = await addApplication(here.core, { input: usualInput, id, actor: atTheCommandLine })
    expect(added).toEqual({ kind: 'refused', problem: { what: 'id' } })
  })

  it.each(['short', 'with a blank in it', 'x'.repeat(129), 'schlüssel-schlüssel'])(
    'cannot have the secret %j',
    async (secret) => {
      const added = await addApplication(here.core, { input: usualInput, secret, actor: atTheCommandLine })
      expect(added).toEqual({ kind: 'refused', problem: { what: 'secret' } })
    },
  )

  it('has keys from the first one on, which change in a day, and are gone in two', async () => {
    await ensureSigningKeys(here.core)
    await ensureSigningKeys(here.core)
    const [before, ...more] = await listSigningKeys(here.core)
    expect(more).toHaveLength(1)
    const now = here.clock.seconds
    const { keys } = await rotateSigningKeys(here.core, { atOnce: false })
    const all = await listSigningKeys(here.core)
    expect(all).toHaveLength(4)
    const signsAt = (at: number) => activeKey(all, before!.algorithm, at)?.id
    expect(signsAt(now + 86_399)).toBe(before!.id)
    expect(keys.map(({ id }) => id)).toContain(signsAt(now + 86_400))
    expect(openSigningKeys(here.core, all)).toHaveLength(4)
    expect(String(openSigningKeys(here.core, all)[0])).toBe('[secret]')
  })

  it('is signed for by the newest key, also of several that were made in the same second', async () => {
    await ensureSigningKeys(here.core)
    for (let time = 0; time < 8; time += 1) {
      const { keys } = await rotateSigningKeys(here.core, { atOnce: true })
      const all = await listSigningKeys(here.core)
      for (const { id, algorithm } of keys) expect(activeKey(all, algorithm, here.clock.seconds)?.id).toBe(id)
    }
  })
})
