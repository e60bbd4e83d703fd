import { describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/read.js'

const read = (env: Record<string, string>) => {
  const settings = readSettings({ env })
  return settings.kind === 'settings' ? settings.settings.passkeys : settings.problems
}

describe('the settings of passkeys', () => {
  it('follow the origin, and can be switched off or bound to the password', () => {
    expect(read({ NIGHTLATCH_ORIGIN: 'https://login.example.org' })).toEqual({
      use: 'sign-in',
      rpId: 'login.example.org',
      formerOrigins: [],
      kind: 'any',
    })
    expect(read({ NIGHTLATCH_PASSKEYS: 'off' })).toMatchObject({ use: 'off' })
    expect(
      read({ NIGHTLATCH_PASSKEYS: 'second-factor', NIGHTLATCH_PASSKEY_KIND: 'device-bound' }),
    ).toMatchObject({
      use: 'second-factor',
      kind: 'device-bound',
    })
    expect(read({ NIGHTLATCH_PASSKEYS: 'yes' })).toEqual([expect.stringContaining('NIGHTLATCH_PASSKEYS')])
  })

  it.each([
    ['https://login.example.org', 'login.example.org'],
    ['https://login.example.org', 'example.org'],
    ['https://a.b.example.co.uk', 'example.co.uk'],
    ['http://localhost:3000', 'localhost'],
  ])('at %s the domain may be %s', (origin, rpId) => {
    expect(read({ NIGHTLATCH_ORIGIN: origin, NIGHTLATCH_RP_ID: rpId })).toMatchObject({ rpId })
  })

  it.each([
    ['https://login.example.org', 'org'],
    ['https://login.example.org', 'evil.test'],
    ['https://login.example.org', 'ogin.example.org'],
    ['https://login.example.org', 'app.example.org'],
    ['https://login.example.co.uk', 'co.uk'],
    ['https://login.example.org', 'https://example.org'],
    ['https://login.example.org', 'example.org:443'],
    ['https://login.example.org', '.example.org'],
    ['http://127.0.0.1:3000', '0.0.1'],
  ])('at %s it may not be %s: the start stops', (origin, rpId) => {
    const problems = read({ NIGHTLATCH_ORIGIN: origin, NIGHTLATCH_RP_ID: rpId })
    expect(problems).toEqual([expect.stringContaining('NIGHTLATCH_RP_ID')])
  })

  it('former origins are origins', () => {
    const list = 'https://old.example.org, https://older.example.org:8443'
    expect(read({ NIGHTLATCH_FORMER_ORIGINS: list })).toMatchObject({
      formerOrigins: ['https://old.example.org', 'https://older.example.org:8443'],
    })
    expect(read({ NIGHTLATCH_FORMER_ORIGINS: 'http://old.example.org' })).toEqual([
      expect.stringContaining('NIGHTLATCH_FORMER_ORIGINS'),
    ])
  })
})
