import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { expect, it, onTestFinished } from 'vitest'
import { smtpProblem } from '../../src/mail/smtp-errors.js'

/** A real mail server, which brings a self-signed certificate, and what a real client says of it. */
async function problemWith(options: object, at: object = {}): Promise<string> {
  const server = new SMTPServer(options)
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  const client = createTransport({ host: '127.0.0.1', port, ...at })
  const error: unknown = await client.verify().then(
    () => null,
    (reason: unknown) => reason,
  )
  return smtpProblem(error)
}

const self = spawnSync('openssl', [
  ...[
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=mail.example',
  ],
  ...['-addext', 'subjectAltName=DNS:mail.example', '-keyout', '-', '-out', '-'],
]).stdout.toString()
const certified = { secure: true, key: self, cert: self }

it('names a certificate that nobody vouches for', async () => {
  expect(await problemWith(certified, { secure: true })).toBe(
    'its certificate is self-signed, so nobody vouches for it',
  )
})

it('names a certificate that has expired, as the one of the test library has', async () => {
  expect(await problemWith({ secure: true }, { secure: true })).toBe('its certificate has expired')
})

it('names a certificate for another host', async () => {
  const tls = { ca: self, servername: 'other.example' }
  expect(await problemWith(certified, { secure: true, tls })).toBe('its certificate is for another name')
})

it('names a wrong password', async () => {
  const onAuth = (_auth: unknown, _session: unknown, done: (error: Error) => void): void =>
    done(new Error('no'))
  const auth = { user: 'someone', pass: 'wrong' }
  expect(await problemWith({ onAuth, allowInsecureAuth: true }, { auth, ignoreTLS: true })).toBe(
    'it does not take this user and password',
  )
})

it('names a server that is not there', async () => {
  const client = createTransport({ host: '127.0.0.1', port: 9 })
  const error: unknown = await client.verify().catch((reason: unknown) => reason)
  expect(smtpProblem(error)).toBe('nothing listens there')
})

it('names one that offers no encryption', async () => {
  expect(await problemWith({ disabledCommands: ['STARTTLS'] }, { requireTLS: true })).toContain(
    'no encryption',
  )
})
