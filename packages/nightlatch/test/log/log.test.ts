import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/core/secret.js'
import { allowedFields, type LogFields } from '../../src/log/fields.js'
import { createLog, type EventLevel, type LogOptions } from '../../src/log/log.js'

function logged(
  write: (log: ReturnType<typeof createLog>) => void,
  options: Partial<LogOptions> = {},
  isTTY = false,
) {
  let text = ''
  const stream = { isTTY, write: (line: string) => (text += line) }
  write(createLog({ level: 'trace', colour: false, stream, ...options }))
  return text
}

const json = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)

const levels: readonly EventLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace']

describe('a log that goes to a file', () => {
  it('is one JSON object a line, with a UTC time, a level and an event', () => {
    const [line] = json(logged((log) => log.event('info', 'server.listening', { port: 3000 })))
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'server.listening',
      port: 3000,
    })
  })

  it('holds what its level lets through', () => {
    const text = logged((log) => levels.forEach((level) => log.event(level, 'x')), { level: 'warn' })
    expect(json(text).map((line) => line.level)).toEqual(['fatal', 'error', 'warn'])
    expect(logged((log) => levels.forEach((level) => log.event(level, 'x')), { level: 'silent' })).toBe('')
  })

  it('cannot be given a second line by what it tells', () => {
    const text = logged((log) => log.event('info', 'a\nb', { userAgent: 'x\r\n{"level":"fatal"}\u2028' }))
    expect(text.match(/\n/g)).toHaveLength(1)
    expect(json(text)[0]).toHaveProperty('userAgent', 'x\r\n{"level":"fatal"}\u2028')
  })

  it('cuts what is endless', () => {
    const text = logged((log) => log.event('info', 'x', { userAgent: 'a b'.repeat(100_000) }))
    expect(text.length).toBeLessThan(500)
  })
})

describe('no secret gets into the log', () => {
  const marker = 'marker-hunter2'
  const token = 'Abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE'

  it('because only known fields do, at any level, in either form', () => {
    const fields: Record<string, unknown> = {
      port: 1,
      error: new Error(marker),
      password: marker,
      token: marker,
    }
    for (const name of [
      'code',
      'otp',
      'secret',
      'cookie',
      'url',
      'body',
      'headers',
      'recoveryCode',
      'event',
      'time',
    ])
      fields[name] = marker
    for (const isTTY of [false, true]) {
      const text = logged((log) => levels.forEach((level) => log.event(level, 'x', fields)), {}, isTTY)
      expect(text.match(/\bport\b/g)).toHaveLength(levels.length)
      expect(text).not.toContain(marker)
    }
  })

  it('because known fields are texts and numbers, not objects', () => {
    for (const name of Object.keys(allowedFields)) {
      for (const value of [{ password: marker }, [marker], new Secret(marker), () => marker]) {
        const text = logged((log) => log.event('info', 'x', { [name]: value } as LogFields))
        expect(text).not.toContain(marker)
      }
    }
  })

  it('because what looks like one is taken out of the texts', () => {
    for (const value of [
      token,
      `/invitation/${token}`,
      'otpauth://totp/x?secret=marker-hunter2',
      'postgres://a:marker-hunter2@db/x',
    ]) {
      const text = logged((log) => log.event('info', 'x', { reason: value }))
      expect(text).not.toContain(marker)
      expect(text).not.toContain(token)
      expect(text).toContain('[removed]')
    }
  })

  it('because the message of an error stays out, save the one that the system wrote', () => {
    const parse = (() => {
      try {
        return JSON.parse(marker) as Error
      } catch (error) {
        return error as Error
      }
    })()
    const [line] = json(logged((log) => log.event('error', 'x', { error: parse })))
    expect(line).toMatchObject({ error: 'SyntaxError', errorAt: expect.stringContaining('at ') })
    const system = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    })
    const [other] = json(logged((log) => log.event('error', 'x', { error: system })))
    expect(other).toMatchObject({ errorCode: 'ENOSPC', errorMessage: system.message })
    for (const odd of [marker, null, { message: marker }, Object.assign(new Error(), { stack: marker })])
      expect(logged((log) => log.event('error', 'x', { error: odd }))).not.toContain(marker)
  })
})

describe('a log on a terminal', () => {
  it('is readable', () => {
    const text = logged(
      (log) => log.event('info', 'server.listening', { origin: 'http://localhost:3000' }),
      {},
      true,
    )
    expect(text).toMatch(/^\d\d:\d\d:\d\d info {2}server\.listening {2}origin=http:\/\/localhost:3000\n$/)
  })

  it('is coloured only when it should be', () => {
    const write = (log: ReturnType<typeof createLog>) => log.event('error', 'x', { port: 1 })
    expect(logged(write, { colour: true }, true)).toContain('\u001b[31merror')
    expect(logged(write, { colour: false }, true)).not.toContain('\u001b')
    expect(logged(write, { colour: true }, false)).not.toContain('\u001b')
  })

  it.each([
    ['x" address=192.0.2.1 y="', '"x\\" address=192.0.2.1 y=\\""'],
    ['x=y', '"x=y"'],
    ['a\\" b', '"a\\\\\\" b"'],
    ['"', '"\\""'],
    ['Mozilla/5.0', 'Mozilla/5.0'],
  ])('LOG-3 what a client calls itself stays one field: %j', (userAgent, shown) => {
    const text = logged((log) => log.event('info', 'x', { address: '203.0.113.9', userAgent }), {}, true)
    expect(text.trimEnd()).toMatch(/ x {2}address=203\.0\.113\.9 userAgent=/)
    expect(text.slice(text.indexOf('userAgent=') + 'userAgent='.length)).toBe(`${shown}\n`)
  })

  it('does not let a client write to the terminal', () => {
    const text = logged(
      (log) => log.event('info', 'x', { userAgent: '\u001b[2J\u009b2J\u202eabc\nnext' }),
      {},
      true,
    )
    expect(text).toContain('"\\u{001b}[2J\\u{009b}2J\\u{202e}abc\\u{000a}next"'.replaceAll('"', ''))
    expect(text.trimEnd()).not.toMatch(/[\p{Cc}\u202e]/u)
  })
})
