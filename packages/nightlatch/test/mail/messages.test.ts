import { describe, expect, it } from 'vitest'
import { mailSender } from '../../src/compose/mail-sender.js'
import { readSettings } from '../../src/config/read.js'
import type { Mail } from '../../src/core/notify/mail.js'
import type { NoticeKind } from '../../src/core/notify/notices.js'
import type { Sender } from '../../src/mail/messages.js'
import { messageFor as messageOf } from '../../src/mail/messages.js'
import { noticeTexts } from '../../src/mail/texts.js'

const sender: Sender = {
  issuer: 'Example',
  site: 'https://auth.example.org',
  contact: '',
  deviceName: (userAgent: string) => userAgent,
}
const kinds = Object.keys(noticeTexts) as NoticeKind[]

const notice = (kind: Mail['kind'], more: Partial<Mail> = {}): Mail => ({
  kind,
  to: 'ada@example.org',
  username: 'ada',
  name: 'Ada Lovelace',
  at: 1_800_000_000,
  client: { address: '203.0.113.7', userAgent: 'Firefox/140' },
  details: { name: 'Phone', left: 3, failures: 10 },
  ...more,
})

const messageFor = (mail: Mail, from: Sender) => messageOf(mail, 'anid', from)

describe('a notice', () => {
  it.each(kinds)('of %s says what happened, when, where, and what to do if it was not you', (kind) => {
    const message = messageFor(notice(kind), sender)
    expect(message.to).toBe('ada@example.org')
    expect(message.subject).toMatch(/^Example: [A-Z][^\n\r]{10,60}$/)
    expect(message.text).toContain('2027-01-15 08:00 UTC')
    expect(message.text).toContain('203.0.113.7')
    expect(message.text).toMatch(/If (it was not you|you did not ask for it)/)
    expect(message.text).toContain('https://auth.example.org/account')
    expect(message.text).not.toContain('undefined')
  })

  it('counts the recovery codes that are left', () => {
    const text = (left: number) =>
      messageFor(notice('recovery-code-used', { details: { left } }), sender).text
    expect(text(3)).toContain('3 are left.')
    expect(text(1)).toContain('One is left')
    expect(text(0)).toContain('None is left')
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
      notice('authenticator-added', { name, username: name, client, details: { name } }),
      sender,
    )
    const text = message.text.replaceAll(sender.site, '')
    expect(text).not.toMatch(/https?:|www\.|evil\.test|@|\u202e|\u2028|\r/i)
    expect(text).not.toMatch(/^Bcc/m)
    const html = message.html.replaceAll(sender.site, '')
    expect(html).not.toMatch(/https?:|www\.|evil\.test|\u202e|\u2028|<a href="[^"/]/i)
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
    const text = messageFor(notice('new-device', { client }), mailSender(read.settings)).text
    expect(text).toMatch(new RegExp(`^Browser: ${device}$`, 'm'))
    expect(text).not.toContain(userAgent)
  })

  it('names who can help, where somebody has said who it is', () => {
    const text = (contact: string) => messageFor(notice('new-device'), { ...sender, contact }).text
    expect(text('help@example.org')).toContain('\n\nYour administrator: help@example.org')
    expect(text('')).not.toContain('Your administrator:')
  })

  it('has no placeholder language', () => {
    const text = messageFor(notice('new-device', { name: '{{7*7}} ${7*7} <%= 7*7 %>' }), sender)
    expect(text.text).toContain('{{7*7}} ${7*7} <%= 7*7 %>')
  })
})

describe('every mail', () => {
  it('is there as plain text and as HTML, which say the same', () => {
    const { text, html } = messageFor(notice('recovery-code-used'), sender)
    const plain = html
      .replace(/<(style|title)>[\s\S]*?<\/\1>/g, '')
      .replace(/<[^>]+>/g, ' ')
      .replaceAll('&#39;', "'")
    const words = (said: string) =>
      said
        .replace(/:/g, ' ')
        .split(/\s+/)
        .filter((word) => word !== '')
    expect(words(plain)).toEqual(words(text))
  })

  it('loads nothing, and is readable in the light and in the dark: it has no colours of its own', () => {
    const { html } = messageFor(notice('new-device'), sender)
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    expect(html).not.toMatch(/<(img|script|link|iframe|form)\b|url\(|@import|(?:background|[^-]color)\s*:/i)
  })

  it('has markup of nobody', () => {
    const { html } = messageFor(notice('new-device', { name: '<b>Ada</b> & "Co"' }), sender)
    expect(html).toContain('&lt;b&gt;Ada&lt;/b&gt; &amp; &#34;Co&#34;')
  })

  it('has the same name at each try', () => {
    expect(messageFor(notice('new-device'), sender).id).toBe('<anid@auth.example.org>')
  })

  it('of an invitation carries its link, and when it ends', () => {
    const mail = notice('invitation', { token: 'a'.repeat(43), details: { until: 1_800_000_000 } })
    const { text, subject } = messageFor(mail, sender)
    expect(subject).toBe('Example: Choose your password')
    expect(text).toContain(`https://auth.example.org/invitation?token=${'a'.repeat(43)}`)
    expect(text).toContain('2027-01-15 08:00 UTC')
  })
})
