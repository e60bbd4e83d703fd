import { expect, it } from 'vitest'
import { noticeWords } from '../../src/pages/layout/flash.js'
import { useApp } from '../support/app.js'
import { readable } from './readable.js'

const app = useApp()

/** What the sign-in page says to a browser that holds this. */
async function saidTo(value: string): Promise<string> {
  const browser = app.browser()
  await app.person('ada').catch(() => undefined)
  browser.cookies.set(app.cookieName('notice'), value)
  const { body, status } = await browser.get('/login')
  expect(status).toBe(200)
  const lines = readable(body)
  return lines.slice(0, lines.indexOf('# Sign in')).join(' ')
}

const cookieOf = (notice: unknown): string => encodeURIComponent(JSON.stringify(notice))

it('what is said once on the next page is one of ours, with a number or a name in it', async () => {
  const lines: string[] = []
  for (const key of Object.keys(noticeWords)) {
    const plain = await saidTo(cookieOf({ key }))
    const full = await saidTo(cookieOf({ key, count: 2, left: 2, otherSessions: 2, name: 'Pixel <9>' }))
    lines.push(`${key}: ${full || 'nothing'}${plain === full ? '' : ` | ${plain}`}`)
  }
  await expect([...lines, ''].join('\n')).toMatchFileSnapshot('recorded/notices.txt')
})

it.each([
  ['no JSON', 'x'],
  ['no percent-encoding', '%ff'],
  ['nothing', ''],
  ['null', cookieOf(null)],
  ['a text', cookieOf('signed-out')],
  ['a list', cookieOf(['signed-out'])],
  ['no key', cookieOf({ name: 'a' })],
  ['a key of nobody', cookieOf({ key: 'toString' })],
  ['words of somebody else', cookieOf({ key: 'other', text: 'Call this number' })],
  ['a count that is none', cookieOf({ key: 'sessions-ended', count: '2' })],
  ['half a count', cookieOf({ key: 'sessions-ended', count: 0.5 })],
  ['a number of codes that is none', cookieOf({ key: 'recovery-code-used', left: '2' })],
  ['a number of sessions that is none', cookieOf({ key: 'signed-out', otherSessions: 1e300 })],
  ['a name that is none', cookieOf({ key: 'person-edit', name: 7 })],
])('a cookie with %s says nothing', async (_name, value) => {
  expect(await saidTo(value)).toBe('')
})
