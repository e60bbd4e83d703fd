import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AccessRule, AccessRules, Person, Verdict } from '../../../src/core/access/rules.js'
import { demandsFor, judge } from '../../../src/core/access/rules.js'
import { parseAccessRules } from '../../../src/core/access/rules-file.js'
import { pathReadings } from '../../../src/core/access/path-readings.js'

const rule = (parts: Partial<AccessRule> & Pick<AccessRule, 'access'>): AccessRule => ({
  hosts: null,
  paths: null,
  methods: null,
  groups: null,
  ...parts,
})

const site: AccessRules = {
  rules: [
    rule({ paths: ['/public/*', '/favicon.ico'], access: 'public' }),
    rule({ paths: ['/admin/*'], groups: ['admins'], access: 'two-factors' }),
    rule({ hosts: ['*.dev.example.test'], access: 'one-factor' }),
    rule({ hosts: ['hooks.example.test'], methods: ['POST'], access: 'public' }),
    rule({ hosts: ['closed.example.test'], access: 'deny' }),
  ],
  otherwise: 'two-factors',
}

const two = (...groups: string[]): Person => ({ groups, hasTwoFactors: true, isPhishingResistant: false })
const one = (...groups: string[]): Person => ({ groups, hasTwoFactors: false, isPhishingResistant: false })

function verdict(url: string, person: Person | null, method = 'GET'): Verdict | 'unreadable' {
  const [, host = '', path = ''] = /^([^/]*)(\/.*)$/s.exec(url) ?? []
  const demands = demandsFor(site, { method, host, path })
  return demands === null ? 'unreadable' : judge(demands, person)
}

describe('access rules', () => {
  it.each<[string, Person | null, Verdict]>([
    ['app.example.test/public/logo.png', null, 'public'],
    ['app.example.test/public', null, 'public'],
    ['app.example.test/favicon.ico', null, 'public'],
    ['app.example.test/favicon.ico/more', null, 'sign-in'],
    ['app.example.test/publicity', null, 'sign-in'],
    ['app.example.test/', null, 'sign-in'],
    ['app.example.test/', one(), 'second-factor'],
    ['app.example.test/', two(), 'allowed'],
    ['app.example.test/admin', null, 'sign-in'],
    ['app.example.test/admin/users', two(), 'forbidden'],
    ['app.example.test/admin/users', one('admins'), 'second-factor'],
    ['app.example.test/admin/users', two('staff', 'admins'), 'allowed'],
    ['a.dev.example.test/', one(), 'allowed'],
    ['A.DEV.example.test:8443/', one(), 'allowed'],
    ['dev.example.test/', one(), 'second-factor'],
    ['evildev.example.test/', one(), 'second-factor'],
    ['closed.example.test/', two('admins'), 'forbidden'],
    ['closed.example.test/', null, 'forbidden'],
  ])('%s for %o is %s', (url, person, expected) => {
    expect(verdict(url, person)).toBe(expected)
  })

  it('look at the method, and a method that no rule names falls to what counts otherwise', () => {
    expect(verdict('hooks.example.test/in', null, 'POST')).toBe('public')
    expect(verdict('hooks.example.test/in', null, 'OPTIONS')).toBe('sign-in')
    expect(verdict('hooks.example.test/in', null, 'post')).toBe('sign-in')
  })

  it('keep the first rule that fits', () => {
    const rules = [rule({ paths: ['/a/b'], access: 'deny' }), rule({ paths: ['/a/*'], access: 'public' })]
    const at = (path: string) =>
      judge(demandsFor({ rules, otherwise: 'deny' }, { method: 'GET', host: 'x', path })!, null)
    expect(at('/a/b')).toBe('forbidden')
    expect(at('/a/c')).toBe('public')
  })

  it.each([
    '/public/../admin',
    '/public/%2e%2e/admin',
    '/public/%2E./admin',
    '/public/..%2fadmin',
    '/public/..%5cadmin',
    '/public/..\\admin',
    '/public/%252e%252e/admin',
    '/public/%252e%252e%252fadmin',
    '/public//../admin',
    '/public/x/..//../admin',
    '/public;/../admin',
    '/public/..;/admin',
    '/public/..;a=b/admin',
    '/public/x/%2e%2e/%2e%2e/admin',
    '//admin',
    '/./admin',
    '/%61dmin',
    '/admin?/public/',
    '/admin;/public/',
    '/%2fadmin',
    '/ADMIN',
    '/Admin/users',
    '/admin%2fusers',
    '/admin%20/../admin',
    '/public/..;%2fpublic/admin/users',
    '/public/..;%252fpublic/admin/users',
    '/public/..%3b%2fpublic/admin/users',
    '/public/..;a=%2fb%3bc/admin/users',
    '/public/%252e%252e%252fadmin/x%25ff',
    '/public/%252e%252e%252fadmin/x%25zz',
    '/public/%252e%252e%253b/admin',
    '/public/%25c0%25ae%25c0%25ae/admin',
    '/public/%25u002e./admin',
    '/public/..%20/admin',
    '/public/%e2%80%a5/admin',
    '/public/%ef%bc%8e%ef%bc%8e%ef%bc%8fadmin',
    '/public/x;/../../admin',
    '/public/..%255cadmin',
    '/(S(x))/admin',
    '/admin./users',
    '/admin%2f..',
    '/admin%3f/../public/x',
    '//x/admin',
    '/x//../admin',
  ])('%s is never weaker than /admin', (path) => {
    expect(verdict(`app.example.test${path}`, null)).toBe('sign-in')
    expect(verdict(`app.example.test${path}`, two())).toBe('forbidden')
  })

  it.each([
    '/public/%252e%252e%252fadmin%25ff',
    '/public/%252e%252e%252fadmin%25',
    '/PUBLIC/x',
    '/public%2fx',
    '/x/../public2',
    '/public;/x',
    '/public2/x',
    '/admin/../public/x',
    '/admin/%2e%2e/public/x',
    '/admin/x/../../public',
  ])('%s is not what /public/* opens', (path) => {
    expect(verdict(`app.example.test${path}`, null)).toBe('sign-in')
  })

  it.each([
    '/admin/',
    '/Admin/',
    '/admin.',
    '/admin;x',
    '/admin%2f',
    '/admin%2f..',
    '/admin/.',
    '/adm%C4%B1n/../admin',
    '/adm%C4%B1n',
    '/ADM%C4%B0N',
    '//x/admin',
    '///x/admin',
    '/%2f%2f%2fx;y/admin/',
  ])('%s is /admin to some server, where everything else is public', (path) => {
    const rules = [rule({ paths: ['/admin'], access: 'deny' })]
    const demands = demandsFor({ rules, otherwise: 'public' }, { method: 'GET', host: 'x', path })
    expect(judge(demands!, null)).toBe('forbidden')
  })

  it('ask for a person where a part of the path can be read by nobody alike, and for no more than that', () => {
    const at = (person: Person | null) => verdict('app.example.test/public/100%25ff', person)
    expect([at(null), at(one())]).toEqual(['sign-in', 'allowed'])
  })

  it.each([
    '/public/a%20b.txt',
    '/public/100%25',
    '/public/100%25%20off',
    '/public/a;v=2/b;w',
    '/public/a+b,c(1)/@x',
    '/public/%E3%83%95%E3%82%A1%E3%82%A4%E3%83%AB.pdf',
    '/public//x//y',
    '/public/x/../y',
    '/public/.well-known/x',
    '/public/a%252fb',
  ])('%s is public like its folder', (path) => {
    expect(verdict(`app.example.test${path}`, null)).toBe('public')
  })

  it('reads no path for long: what has no end of readings is refused', () => {
    for (const part of ['..;%2f', '%2525;x', '(S(x))%3b\\.', '%ef%bc%8f+%20./', '%25c0%25ae%3f'])
      expect(pathReadings(`/${part.repeat(1200)}`)?.readings.length ?? 0).toBeLessThan(400)
  })

  it.each([
    ...['/public/%00', '/public/%0d%0a', '/public/%zz', '/public/%', 'public', ''],
    ...['/public/x#y', '/public#', '/admin#/public', '/#/public/x'],
  ])('%j cannot be read and opens nothing', (path) => {
    expect(demandsFor(site, { method: 'GET', host: 'app.example.test', path })).toBeNull()
  })

  it.each(['/public/%ff', '/public/caf%E9.txt', '/public/%E9t%E9/', '/public/%c3%28', '/public/%E9/%252e'])(
    '%s, whose bytes are no UTF-8, is for whoever is signed in, and public to nobody',
    (path) => {
      expect(verdict(`app.example.test${path}`, null)).toBe('sign-in')
      expect(verdict(`app.example.test${path}`, two())).toBe('allowed')
    },
  )

  it('a rule is asked for a name in ISO 8859-1, too', () => {
    const rules = [
      { hosts: null, paths: ['/caf\u00e9/*'], methods: null, groups: null, access: 'deny' },
    ] as const
    for (const path of ['/caf%E9/a', '/caf%e9/', '/x/..%2fcaf%E9/a', '/caf%C3%A9/a', '/CAF%C9/a']) {
      const demands = demandsFor({ rules, otherwise: 'public' }, { method: 'GET', host: 'x', path })
      expect([path, judge(demands!, two())]).toEqual([path, 'forbidden'])
    }
  })

  it('never open what leads out of the public folder, however it is written', () => {
    const dots = fc.constantFrom(
      '..',
      '%2e%2e',
      '.%2e',
      '%2E.',
      '..;',
      '..;x=1',
      '%252e%252e',
      '..%2f',
      '..%5c',
      '.',
      '',
      'x',
    )
    fc.assert(
      fc.property(fc.array(dots, { maxLength: 8 }), (steps) => {
        const path = `/public/${[...steps, 'end'].join('/')}`
        const readings = pathReadings(path)
        const leadsOut = readings?.readings.some((reading) => !reading.startsWith('/public/')) ?? true
        if (leadsOut) expect(verdict(`app.example.test${path}`, null)).not.toBe('public')
      }),
    )
  })

  it('read any path without throwing and without end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const reading of pathReadings(`/${text}`)?.readings ?? []) expect(reading).toMatch(/^\//)
      }),
    )
    expect(pathReadings(`/${'%25'.repeat(50)}2e`)).not.toBeUndefined()
    expect(pathReadings(`/${'../'.repeat(2000)}admin`)?.readings).toContain('/admin')
    expect(pathReadings('/%25252525252e')).toBeNull()
  })
})

describe('a rules file', () => {
  it('becomes rules: one text or a list of them, and its own default', () => {
    const read = parseAccessRules(
      `{
        "default": "one-factor",
        "rules": [
          { "path": ["/public/*", "/"], "method": "GET", "access": "public" },
          { "host": "*.example.org", "group": ["admins"], "access": "two-factors" }
        ]
      }`,
      'two-factors',
    )
    expect(read).toEqual({
      kind: 'rules',
      rules: {
        otherwise: 'one-factor',
        rules: [
          rule({ paths: ['/public/*', '/'], methods: ['GET'], access: 'public' }),
          rule({ hosts: ['*.example.org'], groups: ['admins'], access: 'two-factors' }),
        ],
      },
    })
  })

  it.each(['one-factor', 'two-factors'] as const)(
    'a rule that names a group and no access asks its members for what counts otherwise: %s',
    (otherwise) => {
      const text = '{"default": "public", "rules": [{"path": "/admin/*", "group": "admins"}]}'
      expect(parseAccessRules(text, otherwise)).toMatchObject({
        rules: { rules: [rule({ paths: ['/admin/*'], groups: ['admins'], access: otherwise })] },
      })
    },
  )

  it('without anything in it asks of everybody what counts otherwise', () => {
    expect(parseAccessRules('{}', 'two-factors')).toEqual({
      kind: 'rules',
      rules: { rules: [], otherwise: 'two-factors' },
    })
  })

  it('says every mistake at once, each with its line', () => {
    const read = parseAccessRules(
      [
        '{',
        '  "defualt": "public",',
        '  "rules": [',
        '    { "path": "public", "access": "public" },',
        '    { "path": "/a/*/b", "access": "open" },',
        '    { "host": "https://app.example.org",',
        '      "method": ["get"],',
        '      "access": "deny" },',
        '    { "path": "/x" },',
        '    "everything",',
        '    { "path": "/y", "group": "admins", "access": "public" },',
        '    { "path": [], "access": "public" },',
        '    { "path": "/a/../b", "access": "public" },',
        '    { "path": 5, "access": true }',
        '  ]',
        '}',
      ].join('\n'),
      'two-factors',
    )
    if (read.kind !== 'problems') throw new Error('accepted')
    expect(read.problems.map(({ line }) => line)).toEqual([2, 4, 5, 5, 6, 7, 9, 10, 11, 12, 13, 14, 14])
    expect(read.problems[0]!.reason).toContain('"defualt" is not known')
  })

  it.each([
    ['', 1, 'a value is missing'],
    ['{', 1, 'double quotes'],
    ['{\n"rules": [\n{"access": "public",}\n]}', 3, 'double quotes'],
    ['{\n"rules": []\n"default": "deny"}', 3, 'comma'],
    ['{"rules": [],\n"rules": []}', 2, 'twice'],
    ['{"rules": []}\n}', 2, 'after the end'],
    ["{'rules': []}", 1, 'has no place here'],
    ['{"rules": [\n// no comments\n]}', 2, 'has no place here'],
    ['{"rules": "\\x"}', 1, 'malformed'],
    ['[]', 1, 'one object'],
    ['{"rules": {}}', 1, 'a list'],
    ['['.repeat(100), 1, 'nested'],
  ])('%j is refused at its line', (text, line, reason) => {
    const read = parseAccessRules(text, 'two-factors')
    if (read.kind !== 'problems') throw new Error('accepted')
    expect(read.problems[0]).toMatchObject({ line, reason: expect.stringContaining(reason) })
  })

  it('that is no JSON for anybody else is none for us, either', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const isJson = (() => {
          try {
            return JSON.parse(text) !== undefined
          } catch {
            return false
          }
        })()
        if (!isJson) expect(parseAccessRules(text, 'two-factors').kind).toBe('problems')
      }),
    )
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parseAccessRules(text, 'two-factors')).not.toThrow()
      }),
    )
  })
})

describe('what a rule opens', () => {
  const read = (members: object) =>
    parseAccessRules(JSON.stringify({ rules: [{ access: 'public', ...members }] }), 'two-factors')

  it.each([
    ['https://wiki.example.org'],
    ['https://wiki.example.org/'],
    ['http://localhost:8080/a/b?c=d&e=%20#f'],
    ['/wiki/'],
    ['/'],
  ])('may begin at %j', (launch) => {
    const file = read({ launch, name: ' Wiki & co ' })
    expect(file).toMatchObject({ kind: 'rules', rules: { rules: [{ launch, name: 'Wiki & co' }] } })
  })

  it.each([
    [{ launch: 'wiki.example.org' }],
    [{ launch: 'javascript:alert(1)' }],
    [{ launch: 'ftp://wiki.example.org/' }],
    [{ launch: '//wiki.example.org/' }],
    [{ launch: 'https://user:secret@wiki.example.org/' }],
    [{ launch: 'https://wiki.example.org/a b' }],
    [{ launch: 'https://wiki.example.org\\\\x' }],
    [{ launch: 'https://' }],
    [{ launch: '' }],
    [{ launch: ['https://wiki.example.org/'] }],
    [{ name: '' }],
    [{ name: 'a\u202eb' }],
    [{ name: 'x'.repeat(101) }],
    [{ name: ['Wiki'] }],
    [{ title: 'Wiki' }],
  ])('is a mistake as %j', (members) => {
    expect(read(members)).toMatchObject({ kind: 'problems', problems: [{ line: 1 }] })
  })
})

describe('an address that asks for a passkey', () => {
  const access = 'phishing-resistant'
  const demands = [{ access, groups: ['admins'] }] as const
  const passkey: Person = { groups: ['admins'], hasTwoFactors: true, isPhishingResistant: true }

  it('is for members whose session was proven with one; anybody else is led to it, or refused', () => {
    expect(judge(demands, passkey)).toBe('allowed')
    expect(judge(demands, two('admins'))).toBe('passkey')
    expect(judge(demands, one('admins'))).toBe('passkey')
    expect(judge(demands, two())).toBe('forbidden')
    expect(judge(demands, null)).toBe('sign-in')
  })
})
