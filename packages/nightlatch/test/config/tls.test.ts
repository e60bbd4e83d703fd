import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { atPort, readSettings } from '../../src/config/read.js'
import { readTls, tlsWarning } from '../../src/config/tls-files.js'
import { makeCertificate, tlsEnv } from '../support/certificate.js'

const folder = mkdtempSync(join(tmpdir(), 'nightlatch-tls-settings-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const own = makeCertificate({ folder })
const other = makeCertificate({ folder, name: 'other', host: 'auth.example.org' })

const problems = (env: Record<string, string>, serves = true): readonly string[] => {
  const read = readSettings({ env, serves })
  return read.kind === 'problems' ? read.problems : []
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('a certificate in the settings', () => {
  it('makes the origin https, at the real port', () => {
    const read = readSettings({ env: { ...tlsEnv(own), NIGHTLATCH_PORT: '0' }, serves: true })
    if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
    expect(atPort(read.settings, 4321).origin).toBe('https://localhost:4321')
    expect(read.settings.tls).toEqual({ certFile: own.cert, keyFile: own.key })
  })

  it('comes with its key, and the other way round', () => {
    expect(problems({ NIGHTLATCH_TLS_CERT: own.cert })).toEqual([
      'NIGHTLATCH_TLS_KEY: must be set, because NIGHTLATCH_TLS_CERT is.',
    ])
    expect(problems({ NIGHTLATCH_TLS_KEY: own.key })).toEqual([
      'NIGHTLATCH_TLS_CERT: must be set, because NIGHTLATCH_TLS_KEY is.',
    ])
  })

  it('and an origin of plain http do not go together', () => {
    expect(problems({ ...tlsEnv(own), NIGHTLATCH_ORIGIN: 'http://localhost:3000' })).toEqual([
      'NIGHTLATCH_ORIGIN: must be https, because NIGHTLATCH_TLS_CERT is set, not http://localhost:3000.',
    ])
  })

  it('is what a port for redirects is for', () => {
    expect(problems({ NIGHTLATCH_REDIRECT_PORT: '8080' })).toEqual([
      'NIGHTLATCH_REDIRECT_PORT: leads to https, which NIGHTLATCH_TLS_CERT switches on.',
    ])
    expect(problems({ ...tlsEnv(own), NIGHTLATCH_REDIRECT_PORT: '8080' })).toEqual([])
  })

  it('is not looked at by a command that serves nobody', () => {
    const missing = { NIGHTLATCH_TLS_CERT: '/nowhere/cert.pem', NIGHTLATCH_TLS_KEY: '/nowhere/key.pem' }
    expect(problems(missing, false)).toEqual([])
    expect(problems({ ...missing, NIGHTLATCH_MFA: 'perhaps' })).toEqual([
      expect.stringContaining('NIGHTLATCH_MFA: '),
      'NIGHTLATCH_TLS_CERT: /nowhere/cert.pem cannot be read (ENOENT).',
      'NIGHTLATCH_TLS_KEY: /nowhere/key.pem cannot be read (ENOENT).',
    ])
  })
})

describe('files that cannot be used say which one and why', () => {
  const text = (path: string): string => readFileSync(path, 'utf8')
  const sealed = join(folder, 'sealed.pem')
  execFileSync('openssl', ['pkey', '-in', own.key, '-aes256', '-passout', 'pass:secret', '-out', sealed])
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const brokenKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

  it.each([
    ['the key of another certificate', own.cert, other.key, null, 'is not the key of that certificate'],
    ['the two changed over', own.key, own.cert, /a private key and no cert/, /a certificate and no private/],
    ['a passphrase', own.cert, sealed, null, /has a passphrase/],
    ['no PEM', file('der', 'bytes'), file('none', ''), /no certificate in PEM/, /no private key in PEM/],
    ['damaged PEM', file('b1', broken), file('b2', brokenKey), /cannot be read/, /cannot be read/],
    ['a folder', folder, own.key, 'cannot be read (EISDIR)', null],
    [
      'a chain in the wrong order',
      file('chain', text(other.cert) + text(own.cert)),
      own.key,
      /must begin with the server's own certificate/,
      null,
    ],
  ])('%s', (_what, certFile, keyFile, cert, key) => {
    const read = readTls({ certFile, keyFile })
    const match = (why: string | RegExp | null) => (why instanceof RegExp ? expect.stringMatching(why) : why)
    expect(read).toEqual({ kind: 'problems', cert: match(cert), key: match(key) })
    expect(JSON.stringify(read)).not.toContain('BEGIN PRIVATE KEY-----\\nM')
  })

  it('a whole chain and a key after its parameters are used', () => {
    const chain = file('whole', `a comment\n${text(own.cert)}${text(other.cert)}`)
    const key = file(
      'key-after',
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${text(own.key)}`,
    )
    expect(readTls({ certFile: chain, keyFile: key }).kind).toBe('pair')
  })
})

describe('a certificate that browsers refuse, now or soon, is a warning', () => {
  const day = 86_400_000
  const warn = (at: number, host = 'localhost', files = own): string | null => {
    const read = readTls({ certFile: files.cert, keyFile: files.key })
    if (read.kind === 'problems') throw new Error(JSON.stringify(read))
    return tlsWarning(read.pair, { now: read.pair.notBefore.getTime() + at, host })
  }

  it.each([
    [0, null],
    [15 * day, null],
    [17 * day, /^the certificate ends on \d{4}-\d\d-\d\d$/],
    [30 * day, /^the certificate ended on /],
    [-day, /^the certificate begins on /],
  ])('%d ms after its beginning', (at, wanted) => {
    if (wanted === null) expect(warn(at)).toBeNull()
    else expect(warn(at)).toMatch(wanted)
  })

  it('another name than the one that browsers ask for', () => {
    expect(warn(day, 'auth.example.org')).toBe('the certificate does not name auth.example.org')
    expect(warn(day, 'auth.example.org', other)).toBeNull()
    expect(warn(day, '127.0.0.1')).toBeNull()
  })
})
