import { describe, expect, it } from 'vitest'
import { recoveryCodesFileName, recoveryCodesText } from '../../src/pages/recovery-codes.js'

const file = {
  codes: ['k7qm-4xw4-9hd2-p3tn', '2mwd-8r5y-vq0c-7ebj'],
  account: 'alice',
  instance: 'Acme Home',
  host: 'auth.acme.test',
  madeAtSeconds: Date.UTC(2026, 10, 21, 23, 59) / 1000,
}

describe('the recovery codes as a text file', () => {
  it('have one code per line and say whose they are, where they work and since when', () => {
    const lines = recoveryCodesText(file).split('\r\n')
    expect(lines).toEqual([
      'Acme Home (auth.acme.test)',
      'Recovery codes for alice',
      'Made on 21 November 2026',
      '',
      'k7qm-4xw4-9hd2-p3tn',
      '2mwd-8r5y-vq0c-7ebj',
      '',
      'Each code works once.',
      '',
    ])
  })

  it('keep what somebody typed on its line', () => {
    const account = 'eve\r\nfake-code-0000-0000\u202E'
    expect(recoveryCodesText({ ...file, account })).toContain('for eve fake-code-0000-0000\r\n')
  })

  it('have a name to search for, of plain letters', () => {
    expect(recoveryCodesFileName(file)).toBe('acme-home-recovery-codes-alice-2026-11-21.txt')
    expect(recoveryCodesFileName({ ...file, account: '../"Zoë"\r\n', instance: '愛' })).toBe(
      'recovery-codes-zoe-2026-11-21.txt',
    )
  })
})
