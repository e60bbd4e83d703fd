import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { AccessRules } from '../../packages/nightlatch/src/core/access/rules.js'
import type { TestApp } from '../../packages/nightlatch/test/support/app.js'
import { seen, sendBytes, type Seen } from '../../packages/nightlatch/test/support/protected.js'
import { vectors } from '../../packages/nightlatch/test/support/vectors.js'

interface Case {
  readonly id: string
  readonly headers: Record<string, string | readonly string[]>
  readonly note: string
}

export interface Behind {
  readonly app: TestApp
  readonly port: number
  /** How often the application was asked so far. */
  asked(): number
  /** The cookies of somebody who is signed in, and of somebody whose second factor is due. */
  readonly signedIn: string
  readonly half: string
}

const rule = { hosts: null, methods: null, groups: null }

/** Public, and none of the proxy's: nobody may get the application through by its name. */
export const publicHost = 'status.example.org'

/** What the cases presume: `/public` is for everybody, `/admin` for a group that nobody here is a member of. */
export const caseRules: AccessRules = {
  rules: [
    { ...rule, paths: null, hosts: [publicHost], access: 'public' },
    { ...rule, paths: ['/public/*'], access: 'public' },
    { ...rule, paths: ['/admin/*'], groups: ['admins'], access: 'two-factors' },
  ],
  otherwise: 'two-factors',
}

const { cases } = vectors<{ cases: readonly Case[] }>('forward-auth-headers')
const identity = ['remote-user', 'remote-name', 'remote-email', 'remote-groups']

/** Every name that an application may take for one of ours, as CGI, WSGI and PHP fold them. */
export const identityAsFolded = (raw: readonly string[]): string[] =>
  raw
    .flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []))
    .filter(([name]) => identity.includes((name ?? '').toLowerCase().replace(/[^a-z0-9]/g, '-')))
    .map(([name, value]) => `${name?.toLowerCase()}: ${value}`)
    .sort()

/** Nobody but Ada, known by us alone: whatever else spells one of our names is gone or empty. */
export function expectOnlyAda({ raw }: Seen): void {
  const lines = identityAsFolded(raw)
  expect(lines.filter((line) => line.startsWith('remote-user'))).toEqual(['remote-user: ada'])
  for (const line of lines) expect(line).toMatch(/^remote-(?:user: ada|(?:name|email|groups): )$/)
}

/** Every row of the vectors, sent through the real proxy to the real application. */
export function headerCases(behind: () => Behind, name: string): void {
  const host = () => `localhost:${behind().port}`
  const send = async (target: string, lines: readonly string[]) => {
    const head = [`GET ${target} HTTP/1.1`, `Host: ${host()}`, 'Connection: close', ...lines]
    const before = behind().asked()
    const answer = await sendBytes(behind().port, Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'))
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1])
    const body = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)
    return { status, answer, body, reached: behind().asked() > before }
  }
  const rows = cases.filter(({ id }) => id !== 'direct-access')

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s, sent by nobody, opens nothing',
    async (_id, row) => {
      for (const cookie of [null, behind().half]) {
        const { status, answer, reached } = await send(
          '/admin',
          linesOf(row, { cookie, placeholder: cookie }),
        )
        expect([302, 400, 401, 403]).toContain(status)
        expect(reached).toBe(false)
        expect(answer).not.toMatch(/remote.(?:user|groups): *[^\s]/i)
      }
    },
  )

  it.each(rows.map((row) => [row.id, row] as const))(
    '%s, sent by Ada, makes nobody else of her',
    async (_id, row) => {
      const cookie = behind().signedIn
      const { status, body, reached } = await send('/who', linesOf(row, { cookie, placeholder: cookie }))
      if (row.id === 'cookie-two-sessions') return expect([status, reached]).toEqual([401, false])
      // A proxy may refuse the request as a whole, as it does with bytes that no header may have.
      if (status === 400) return expect(reached).toBe(false)
      expect(status).toBe(200)
      expectOnlyAda(seen({ body }))
      expect(seen({ body }).url).toBe('/who')
      return undefined
    },
  )

  it.each(
    cases.flatMap(({ id, headers }) => (id.startsWith('uri-') ? [[id, headers['X-Forwarded-Uri']]] : [])),
  )('%s as the address that is asked for: %s stays under the rule of what it means', async (_id, uri) => {
    const target = bytesOf(String(uri))
    expect((await send(target, [])).reached).toBe(false)
    const ada = await send(target, [`Cookie: ${behind().signedIn}`])
    // She may see `/`, and a path that only looks like the other; never what the rule keeps for its group.
    if (ada.reached) expect(new URL(seen(ada).url, 'http://app').pathname).not.toMatch(/^\/*admin(?:\/|$)/i)
  })

  it('xff-rotate: guesses at a password are counted, whatever address they claim', async () => {
    await behind().app.person('rosa')
    const guess = async (count: number) => {
      const body = 'username=rosa&password=wrong'
      const { status } = await sendForm(behind().port, [
        'POST /auth/login HTTP/1.1',
        `Host: ${host()}`,
        'Connection: close',
        'Sec-Fetch-Site: same-origin',
        `X-Forwarded-For: 198.51.100.${count}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        '',
        body,
      ])
      return status
    }
    const answers: number[] = []
    while (answers.length < 40 && answers.at(-1) !== 429) answers.push(await guess(answers.length))
    expect(answers.at(-1)).toBe(429)
    expect(new Set(answers.slice(0, -1))).toEqual(new Set([401]))
  })

  it('direct-access: the documentation says that the application belongs on loopback', () => {
    const readme = readFileSync(new URL(`../behind-${name}/README.md`, import.meta.url), 'utf8')
    expect(readme).toContain('listen on 127.0.0.1 only')
  })
}

async function sendForm(port: number, lines: readonly string[]): Promise<{ status: number }> {
  const answer = await sendBytes(port, lines.join('\r\n'))
  return { status: Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1]) }
}

interface Sender {
  readonly cookie: string | null
  /** What stands for the cookie where the case has one of its own. */
  readonly placeholder: string | null
}

/** The header lines of a case; where it brings no cookie, with the sender's. */
function linesOf({ headers }: Case, { cookie, placeholder }: Sender): string[] {
  const own = Object.entries(headers).flatMap(([header, values]) =>
    [values].flat().map((value) => `${header}: ${filled(String(value), placeholder)}`),
  )
  const brings = own.some((line) => line.startsWith('Cookie:'))
  return [...own, ...(brings || cookie === null ? [] : [`Cookie: ${cookie}`])]
}

function filled(value: string, cookie: string | null): string {
  if (value.startsWith('session=<')) {
    const victim = cookie ?? `nightlatch-session=${'B'.repeat(43)}`
    const name = /[\w-]*nightlatch-session[^=]*/.exec(victim)?.[0] ?? ''
    return `${name}=${'A'.repeat(43)}; ${victim}`
  }
  if (/^<.*session/.test(value)) return cookie ?? 'nightlatch-session=none'
  const basic = Buffer.from('ada:correct horse battery').toString('base64')
  return bytesOf(value).replace('<user:password>', basic).replace('<n>', '7')
}

/** `\xff` as the byte. */
const bytesOf = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
