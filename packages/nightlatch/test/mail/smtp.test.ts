import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../../src/core/secret.js'
import type { Message } from '../../src/mail/messages.js'
import { smtpFailure, smtpStage } from '../../src/mail/smtp-errors.js'
import { smtpMailer } from '../../src/mail/smtp.js'

const message: Message = {
  id: '<anid@auth.example.org>',
  to: 'ada@example.org',
  subject: 'A subject',
  text: 'Hello Ada',
  html: '<p>Hello Ada</p>',
}

describe('by SMTP', () => {
  let server: SMTPServer | null = null
  afterEach(
    () => new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve()))),
  )

  function listen(options: ConstructorParameters<typeof SMTPServer>[0] = {}) {
    const mails: { to: string[]; from: string; raw: string }[] = []
    const smtp = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: true,
      onData(stream, session, done) {
        let raw = ''
        stream.on('data', (chunk: Buffer) => (raw += chunk.toString()))
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope
          mails.push({
            to: rcptTo.map(({ address }) => address),
            from: mailFrom === false ? '' : mailFrom!.address,
            raw,
          })
          done()
        })
      },
      ...options,
    })
    server = smtp
    return new Promise<{ mails: typeof mails; port: number }>((resolve) =>
      smtp.listen(0, '127.0.0.1', () =>
        resolve({ mails, port: (smtp.server.address() as AddressInfo).port }),
      ),
    )
  }

  it('a mail arrives, once, at the stored address, as plain text and as HTML', async () => {
    const { mails, port } = await listen()
    const mailer = smtpMailer({
      url: new Secret(`smtp://127.0.0.1:${port}`),
      from: 'Example <auth@example.org>',
    })
    await mailer.verify()
    await mailer.send(message)
    expect(mails).toHaveLength(1)
    expect(mails[0]).toMatchObject({ to: ['ada@example.org'], from: 'auth@example.org' })
    expect(mails[0]?.raw).toMatch(/^From: Example <auth@example.org>\r$/m)
    expect(mails[0]?.raw).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m)
    expect(mails[0]?.raw).toMatch(/^Content-Type: text\/html; charset=utf-8\r$/m)
    expect(mails[0]?.raw).toMatch(/^Message-ID: <anid@auth.example.org>\r$/m)
    expect(mails[0]?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m)
  })

  it.each([
    'ada@example.org, eve@evil.test',
    'ada@example.org\r\nBcc: eve@evil.test',
    'ada@example.org>\r\nRCPT TO:<eve@evil.test',
    'x <eve@evil.test>, ada@example.org',
  ])('the address %j brings nobody else in', async (to) => {
    const { mails, port } = await listen()
    const mailer = smtpMailer({ url: new Secret(`smtp://127.0.0.1:${port}`), from: 'auth@example.org' })
    await mailer.send({ ...message, to, subject: 'a\r\nBcc: eve@evil.test' }).catch(() => undefined)
    for (const mail of mails) {
      expect(mail.to).toHaveLength(1)
      expect(mail.to).not.toContain('eve@evil.test')
      expect(mail.raw).not.toMatch(/^(Bcc|Cc):/im)
    }
  })

  it.each([
    ['ada@B\u00dcCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@bu\u0308cher.example', 'ada@xn--bcher-kva.example'],
    ['ada@fa\u00df.example', 'ada@xn--fa-hia.example'],
    ['ada@EXAMPLE.org', 'ada@example.org'],
  ])('%j is handed over with the domain that the DNS knows: %j', async (to, given) => {
    const { mails, port } = await listen()
    const mailer = smtpMailer({ url: new Secret(`smtp://127.0.0.1:${port}`), from: 'auth@example.org' })
    await mailer.send({ ...message, to })
    expect(/^To: (.*)\r$/m.exec(mails[0]?.raw ?? '')?.[1]).toBe(given)
  })

  it('signs in with the name and password of the URL', async () => {
    const seen: unknown[] = []
    const { mails, port } = await listen({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        seen.push([username, password])
        done(null, { user: username ?? '' })
      },
    })
    const url = new Secret(`smtp://some%40one:p%2Fw@127.0.0.1:${port}`)
    const mailer = smtpMailer({ url, from: 'auth@example.org' })
    await mailer.send(message)
    expect(seen).toEqual([['some@one', 'p/w']])
    expect(mails).toHaveLength(1)
  })

  it('insists on TLS when the server is not on this machine', async () => {
    const { mails, port } = await listen()
    // This name means the loopback address too, but it does not say so.
    const url = new Secret(`smtp://[::ffff:127.0.0.1]:${port}?requireTLS=false&ignoreTLS=true`)
    const mailer = smtpMailer({ url, from: 'auth@example.org' })
    await expect(mailer.send(message)).rejects.toThrow(/TLS|certificate/i)
    expect(mails).toHaveLength(0)
  })

  it('a server that is not there is an error, not a hang', async () => {
    const mailer = smtpMailer({ url: new Secret('smtp://127.0.0.1:9'), from: 'auth@example.org' })
    await expect(mailer.verify()).rejects.toThrow()
  })

  /** A server that says these lines, one after each of ours, and then nothing more. */
  async function saying(...lines: readonly string[]): Promise<string> {
    const talker: Server = createServer((socket) => {
      const left = [...lines]
      const say = (): void => {
        const line = left.shift()
        if (line === 'END') socket.destroy()
        else if (line !== undefined) socket.write(`${line}\r\n`)
      }
      socket.on('error', () => undefined)
      socket.on('data', say)
      say()
    })
    await new Promise<void>((resolve) => talker.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void talker.close())
    return `127.0.0.1:${(talker.address() as AddressInfo).port}`
  }

  const hello = ['220 here', '250-here\r\n250 AUTH PLAIN']
  it.each([
    ['connection', ['END']],
    ['connection', ['554 not for you']],
    ['EHLO', ['220 here', 'END']],
    ['EHLO', ['220 here', '421 too busy']],
    ['AUTH', [...hello, '535 no']],
    ['AUTH', [...hello, 'END']],
    ['MAIL FROM', [...hello, '235 yes', '550 not this sender']],
    ['RCPT TO', [...hello, '235 yes', '250 yes', '450 greylisted']],
    ['DATA', [...hello, '235 yes', '250 yes', '250 yes', '451 not now']],
    ['DATA', [...hello, '235 yes', '250 yes', '250 yes', '354 go on', 'END']],
  ])('names the step that failed: %s', async (stage, lines) => {
    const url = new Secret(`smtp://some:one@${await saying(...lines)}`)
    const failure: unknown = await smtpMailer({ url, from: 'auth@example.org' })
      .send(message)
      .catch((error: unknown) => error)
    expect(smtpStage(failure)).toBe(stage)
    expect(smtpFailure(failure)).toMatch(new RegExp(`^${stage} failed: `))
  })

  it('names STARTTLS, where a server away from this machine has none', async () => {
    const place = (await saying('220 here', '250 here', '502 what?')).replace(
      '127.0.0.1',
      '[::ffff:127.0.0.1]',
    )
    const failure: unknown = await smtpMailer({
      url: new Secret(`smtp://${place}`),
      from: 'auth@example.org',
    })
      .verify()
      .catch((error: unknown) => error)
    expect(smtpFailure(failure)).toMatch(/^STARTTLS failed: /)
  })

  it('is broken off when nobody wants to wait for it any longer', async () => {
    const url = new Secret(`smtp://${await saying('220 here')}`)
    const over = new AbortController()
    const sending = smtpMailer({ url, from: 'auth@example.org' }).send(message, over.signal)
    over.abort()
    await expect(sending).rejects.toThrow(/abort/i)
  })
})
