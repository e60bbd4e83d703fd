import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { mailSender } from '../../src/compose/mail-sender.js'
import { readSettings } from '../../src/config/read.js'
import type { Account } from '../../src/core/accounts/account.js'
import type { AccountId } from '../../src/core/ids.js'
import type { Notice, NoticeKind } from '../../src/core/notify/notices.js'
import { Secret } from '../../src/core/secret.js'
import type { Log, LogFields } from '../../src/log/log.js'
import type { Mailer } from '../../src/mail/mailer.js'
import { messageFor, type Message } from '../../src/mail/messages.js'
import { mailNotices } from '../../src/mail/notices.js'
import { smtpMailer } from '../../src/mail/smtp.js'
import { noticeTexts } from '../../src/mail/texts.js'

const ada: Account = {
  id: 'abcdefghijklmnopqrstuvwxyz' as AccountId,
  username: 'ada',
  name: 'Ada Lovelace',
  email: 'ada@example.org',
  groups: [],
  admin: false,
  disabled: false,
  passwordHash: '',
  factorCounts: { totp: 1 },
  createdAt: 0,
  lastSignInAt: 0,
  endsAt: null,
}
const sender = {
  issuer: 'Example',
  accountUrl: 'https://auth.example.org/account',
  contact: '',
  deviceName: (userAgent: string) => userAgent,
}
const kinds = Object.keys(noticeTexts) as NoticeKind[]

const notice = (kind: NoticeKind, more: Partial<Notice> = {}): Notice => ({
  kind,
  account: ada,
  at: 1_800_000_000,
  client: { address: '203.0.113.7', userAgent: 'Firefox/140' },
  details: { name: 'Phone', left: 3, failures: 10 },
  ...more,
})

function recordingLog() {
  const lines: { name: string; fields: LogFields }[] = []
  const log: Log = { event: (_level, name, fields = {}) => void lines.push({ name, fields }) }
  return { log, lines, names: () => lines.map((line) => line.name) }
}

async function until(condition: () => boolean) {
  for (let tries = 0; tries < 500 && !condition(); tries += 1) await wait(10)
  expect(condition()).toBe(true)
}

describe('a notice', () => {
  it.each(kinds)('of %s says what happened, when, where, and what to do if it was not you', (kind) => {
    const message = messageFor(notice(kind), sender)
    expect(message?.to).toBe('ada@example.org')
    expect(message?.subject).toMatch(/^Example: [A-Z][^\n\r]{10,60}$/)
    expect(message?.text).toContain('2027-01-15 08:00 UTC')
    expect(message?.text).toContain('203.0.113.7')
    expect(message?.text).toMatch(/If (it was not you|you did not ask for it)/)
    expect(message?.text).toContain('https://auth.example.org/account')
    expect(message?.text).not.toContain('undefined')
  })

  it('counts the recovery codes that are left', () => {
    const text = (left: number) =>
      messageFor(notice('recovery-code-used', { details: { left } }), sender)?.text
    expect(text(3)).toContain('3 are left.')
    expect(text(1)).toContain('One is left')
    expect(text(0)).toContain('None is left')
  })

  it('goes nowhere when the account has no address', () => {
    expect(messageFor(notice('new-device', { account: { ...ada, email: '' } }), sender)).toBeNull()
  })

  it.each([
    'https://evil.test/now',
    'evil.test',
    'WWW.evil.test',
    'help@evil.test',
    '<a href="https://evil.test">x</a>',
    'a\r\nBcc: eve@evil.test',
    'a\u2028b\u202egnp.exe',
  ])('makes no link and no line out of the name %j', (name) => {
    const client = { address: '203.0.113.7\r\nevil.test', userAgent: name }
    const message = messageFor(
      notice('authenticator-added', { account: { ...ada, name, username: name }, client, details: { name } }),
      sender,
    )
    const text = message?.text.replaceAll(sender.accountUrl, '') ?? ''
    expect(text).not.toMatch(/https?:|www\.|evil\.test|@|\u202e|\u2028|\r/i)
    expect(text).not.toMatch(/^Bcc/m)
  })

  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1',
      'Safari on iPhone',
    ],
    ['something else', 'A browser'],
  ])('names the device %j in the words of the pages', (userAgent, device) => {
    const read = readSettings({ env: { NIGHTLATCH_ORIGIN: 'https://auth.example.org' } })
    if (read.kind !== 'settings') throw new Error(read.problems.join())
    const client = { address: '203.0.113.7', userAgent }
    const text = messageFor(notice('new-device', { client }), mailSender(read.settings))?.text ?? ''
    expect(text).toContain(`Browser: ${device}\n`)
    expect(text).not.toContain(userAgent)
  })

  it('names who can help, where somebody has said who it is', () => {
    const text = (contact: string) => messageFor(notice('new-device'), { ...sender, contact })?.text
    expect(text('help@example.org')).toContain('\n\nYour administrator: help@example.org')
    expect(text('')).not.toContain('Your administrator:')
  })

  it('has no placeholder language', () => {
    const text = messageFor(
      notice('new-device', { account: { ...ada, name: '{{7*7}} ${7*7} <%= 7*7 %>' } }),
      sender,
    )
    expect(text?.text).toContain('{{7*7}} ${7*7} <%= 7*7 %>')
  })
})

describe('without a mail server', () => {
  it('only that a mail was due goes to the log', () => {
    const { log, lines } = recordingLog()
    const notices = mailNotices({ mailer: null, sender, log })
    for (const kind of kinds) notices.send(notice(kind))
    expect(lines).toEqual(kinds.map((kind) => ({ name: 'mail.due', fields: { kind, account: ada.id } })))
  })
})

describe('the queue', () => {
  function failing(times: number, error: Error = new Error('down')) {
    const sent: Message[] = []
    let tries = 0
    const mailer: Mailer = {
      async send(message) {
        tries += 1
        await wait(1)
        if (tries <= times) throw error
        sent.push(message)
      },
      verify: async () => undefined,
      close: () => undefined,
    }
    return { mailer, sent, tries: () => tries }
  }

  it('never makes the sender wait', async () => {
    const { mailer, sent } = failing(0)
    const notices = mailNotices({ mailer, sender, log: recordingLog().log })
    for (const kind of kinds) notices.send(notice(kind))
    expect(sent).toEqual([])
    await until(() => sent.length === kinds.length)
    expect(sent.map(({ subject }) => subject)).toEqual(
      kinds.map((kind) => `Example: ${noticeTexts[kind].subject}`),
    )
    notices.send(notice('new-device'))
    await until(() => sent.length === kinds.length + 1)
  })

  it('tries again a few times, then gives up and goes on', async () => {
    const { log, names } = recordingLog()
    const { mailer, sent, tries } = failing(4)
    const notices = mailNotices({ mailer, sender, log, retryAfterSeconds: [0.01, 0.01, 0.01] })
    notices.send(notice('new-device'))
    notices.send(notice('password-changed'))
    await until(() => sent.length === 1)
    expect(tries()).toBe(5)
    expect(sent[0]?.subject).toContain('password')
    expect(names()).toEqual([...Array<string>(4).fill('mail.failed'), 'mail.sent'])
  })

  it('does not insist when the server says no for good', async () => {
    const { mailer, tries } = failing(9, Object.assign(new Error('no such user'), { responseCode: 550 }))
    const { log, names } = recordingLog()
    mailNotices({ mailer, sender, log, retryAfterSeconds: [0.01] }).send(notice('new-device'))
    await until(() => names().length === 1)
    await wait(50)
    expect(tries()).toBe(1)
  })

  it('is bounded', async () => {
    const { log, names } = recordingLog()
    const mailer: Mailer = {
      send: () => new Promise(() => undefined),
      verify: async () => undefined,
      close: () => undefined,
    }
    const notices = mailNotices({ mailer, sender, log })
    for (let index = 0; index < 1100; index += 1) notices.send(notice('new-device'))
    expect(names().filter((name) => name === 'mail.dropped')).toHaveLength(99)
    await notices.close(10)
    expect(names()).toHaveLength(100)
  })

  it('closes without waiting for a server that is down', async () => {
    const { mailer } = failing(9)
    const notices = mailNotices({ mailer, sender, log: recordingLog().log, retryAfterSeconds: [60] })
    notices.send(notice('new-device'))
    await wait(20)
    const before = performance.now()
    await notices.close(50)
    expect(performance.now() - before).toBeLessThan(1000)
  })

  it('shows nothing of the message in the log', async () => {
    const { log, lines } = recordingLog()
    const notices = mailNotices({ mailer: failing(9).mailer, sender, log, retryAfterSeconds: [] })
    notices.send(notice('new-device'))
    await until(() => lines.length === 1)
    expect(JSON.stringify(lines)).not.toMatch(/example\.org|Ada|Firefox|203\.0/)
  })
})

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

  it('a mail arrives, once, at the stored address, as plain text', async () => {
    const { mails, port } = await listen()
    const mailer = smtpMailer({
      url: new Secret(`smtp://127.0.0.1:${port}`),
      from: 'Example <auth@example.org>',
    })
    await mailer.verify()
    await mailer.send(messageFor(notice('new-device'), sender)!)
    mailer.close()
    expect(mails).toHaveLength(1)
    expect(mails[0]).toMatchObject({ to: ['ada@example.org'], from: 'auth@example.org' })
    expect(mails[0]?.raw).toMatch(/^From: Example <auth@example.org>\r$/m)
    expect(mails[0]?.raw).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m)
    expect(mails[0]?.raw).not.toMatch(/text\/html/)
  })

  it.each([
    'ada@example.org, eve@evil.test',
    'ada@example.org\r\nBcc: eve@evil.test',
    'ada@example.org>\r\nRCPT TO:<eve@evil.test',
    'x <eve@evil.test>, ada@example.org',
  ])('the address %j brings nobody else in', async (to) => {
    const { mails, port } = await listen()
    const mailer = smtpMailer({ url: new Secret(`smtp://127.0.0.1:${port}`), from: 'auth@example.org' })
    await mailer.send({ to, subject: 'a\r\nBcc: eve@evil.test', text: 'x' }).catch(() => undefined)
    mailer.close()
    for (const mail of mails) {
      expect(mail.to).toHaveLength(1)
      expect(mail.to).not.toContain('eve@evil.test')
      expect(mail.raw).not.toMatch(/^(Bcc|Cc):/im)
    }
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
    await mailer.send({ to: 'ada@example.org', subject: 'x', text: 'x' })
    mailer.close()
    expect(seen).toEqual([['some@one', 'p/w']])
    expect(mails).toHaveLength(1)
  })

  it('insists on TLS when the server is not on this machine', async () => {
    const { mails, port } = await listen()
    // This name means the loopback address too, but it does not say so.
    const url = new Secret(`smtp://[::ffff:127.0.0.1]:${port}?requireTLS=false&ignoreTLS=true`)
    const mailer = smtpMailer({ url, from: 'auth@example.org' })
    await expect(mailer.send({ to: 'ada@example.org', subject: 'x', text: 'x' })).rejects.toThrow(
      /TLS|certificate/i,
    )
    mailer.close()
    expect(mails).toHaveLength(0)
  })

  it('a server that is not there is an error, not a hang', async () => {
    const mailer = smtpMailer({ url: new Secret('smtp://127.0.0.1:9'), from: 'auth@example.org' })
    await expect(mailer.verify()).rejects.toThrow()
    mailer.close()
  })
})
