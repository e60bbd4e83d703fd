import { describe, expect, it } from 'vitest'
import { parsePostgresUrl } from '../../../../src/storage/engine/postgres/url.js'

const urlsOf = (text: string) => parsePostgresUrl(text).servers.map(({ url }) => url)

describe('the address of a PostgreSQL', () => {
  it('names several servers: each gets an address of its own, and a name without user and password', () => {
    const { servers, connectMs } = parsePostgresUrl('postgresql://me:secret@h1:5433,h2,[::1]:7/db?ssl=1')
    expect(servers).toEqual([
      { name: 'h1:5433', url: 'postgres://me:secret@h1:5433/db?ssl=1' },
      { name: 'h2', url: 'postgres://me:secret@h2/db?ssl=1' },
      { name: '[::1]:7', url: 'postgres://me:secret@[::1]:7/db?ssl=1' },
    ])
    expect(connectMs).toBe(3000)
  })

  it.each([
    ['postgres://h', 'h', 'postgres://h/'],
    ['postgres:///db', 'localhost', 'postgres:///db'],
    ['postgres://me@/db?host=/run/pg', '/run/pg', 'postgres://me@/db?host=%2Frun%2Fpg'],
  ])('%s is that of %s', (text, name, url) => {
    expect(parsePostgresUrl(text).servers).toEqual([{ name, url }])
  })

  it.each([
    ['connect_timeout=1', 1000],
    ['connect_timeout=60', 60_000],
  ])('%s is for us, and not for the driver', (query, connectMs) => {
    expect(parsePostgresUrl(`postgres://h/db?${query}`)).toEqual({
      connectMs,
      servers: [{ name: 'h', url: 'postgres://h/db' }],
    })
  })

  it.each(['read-write', 'primary', 'any'])('may ask for a server that is %s', (wanted) => {
    expect(urlsOf(`postgres://h/db?target_session_attrs=${wanted}`)).toEqual(['postgres://h/db'])
  })

  it.each(['allow', 'prefer', 'require', 'verify-ca', 'verify-full'])(
    'that asks for TLS with sslmode=%s gets all of it',
    (mode) => {
      expect(urlsOf(`postgres://h/db?sslmode=${mode}`)).toEqual(['postgres://h/db?sslmode=verify-full'])
    },
  )

  it.each([
    ['sslmode=disable', 'sslmode=disable'],
    ['sslmode=no-verify', 'sslmode=no-verify'],
    ['ssl=true', 'ssl=true'],
    ['ssl=1', 'ssl=1'],
    ['ssl=false', 'ssl=0'],
    ['ssl=0', 'ssl=0'],
  ])('with %s goes to the driver with %s', (given, gone) => {
    expect(urlsOf(`postgres://h/db?${given}`)).toEqual([`postgres://h/db?${gone}`])
  })

  it.each([
    ['mysql://h/db', 'it has the form postgres://user:password@host:5432/database'],
    [' postgres://h/db', 'it has the form'],
    ['postgres://h/db#x', 'it has the form'],
    ['postgres://h:port/db', 'a host, port or password has characters that must be written as %…'],
    ['postgres://h/db?connect_timeout=0', 'connect_timeout is a number of seconds from 1 to 60'],
    ['postgres://h/db?connect_timeout=61', 'connect_timeout is'],
    ['postgres://h/db?target_session_attrs=standby', 'target_session_attrs can only be read-write'],
    ['postgres://h/db?sslmode=verify', 'sslmode is verify-full, or disable, or no-verify'],
    ['postgres://h/db?ssl=maybe', 'ssl is true or false'],
  ])('%s is refused: %s', (text, words) => {
    expect(() => parsePostgresUrl(text)).toThrow(
      expect.objectContaining({
        code: 'no-access',
        message: expect.stringMatching(
          new RegExp(`^the database address is not right: ${words.replaceAll('.', '\\.')}`),
        ) as string,
      }),
    )
  })
})
