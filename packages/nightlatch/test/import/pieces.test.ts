/** Files that are read piece by piece say what they would say as a whole. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parseDocument, stringify } from 'yaml'
import { describe, expect, it } from 'vitest'
import { readAuthelia } from '../../src/cli/commands/import/authelia.js'
import { readKeycloak } from '../../src/cli/commands/import/keycloak.js'
import { linesOf, openText, wholeText } from '../../src/cli/commands/import/text-file.js'
import { piecesOfYaml } from '../../src/cli/commands/import/yaml-pieces.js'
import { readSimpleYaml } from '../../src/cli/commands/import/yaml-simple.js'
import type { ImportedPerson, People } from '../../src/core/accounts/import-plan.js'
import { bin, run, temporaryFolder } from '../support/cli.js'

function fileOf(content: string | Uint8Array): string {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, content)
  return file
}

const inFile = (name: string, text: string) => ({ name, pieces: () => [text], close: () => undefined })

async function all(people: People): Promise<readonly ImportedPerson[]> {
  const found: ImportedPerson[] = []
  for await (const one of people()) found.push(one)
  return found
}

describe('a text', () => {
  // Longer than a piece, so that its letters and line ends are cut somewhere.
  const text = Array.from({ length: 40_000 }, (_none, at) => `Zoë ✓ ${at}`).join('\r\n')
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')

  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with the mark of Windows', Buffer.from(`\ufeff${text}`)],
    ['UTF-16', utf16],
    ['UTF-16 with its largest byte first', Buffer.from(utf16).swap16()],
    ['UTF-8 with NUL bytes behind it', Buffer.from(`${text}\0\0\0`)],
  ])('in %s is what it is, in every pass', (_name, bytes) => {
    const file = openText(fileOf(bytes))
    expect(wholeText(file)).toBe(text)
    expect([...linesOf(file.pieces())]).toEqual(text.split('\r\n'))
    file.close()
  })

  it('in Latin-1 has its letters, however far behind the first one stands', () => {
    const file = openText(fileOf(Buffer.from(`${'a\n'.repeat(300_000)}j\u00fcrgen`, 'latin1')))
    expect([...linesOf(file.pieces())].at(-1)).toBe('jürgen')
    file.close()
  })

  it('with a NUL in between is none, wherever it stands', () => {
    expect(() => openText(fileOf(`${'a\n'.repeat(300_000)}b\0c`))).toThrow('NUL')
  })

  it('has its lines wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('\r', '\n', 'a', '\r\n'), { maxLength: 30 }),
        fc.nat(5),
        (parts, length) => {
          const whole = parts.join('')
          const pieces = whole.match(new RegExp(`[^]{1,${length + 1}}`, 'g')) ?? []
          expect([...linesOf(pieces)]).toEqual(whole.split(/\r\n|\n|\r/))
        },
      ),
    )
  })

  it('that is changed while it is read stops everything', () => {
    const file = fileOf('ada:x\n')
    const opened = openText(file)
    appendFileSync(file, 'eve:x\n')
    expect(() => wholeText(opened)).toThrow('was changed while it was read')
    opened.close()
  })

  it.skipIf(process.platform === 'win32')('may come through a pipe', () => {
    const data = join(temporaryFolder(), 'd')
    const words = ['import', 'htpasswd', '/dev/stdin', '--data', data, '--dry-run']
    const ran = spawnSync('sh', ['-c', `printf 'ada:x\\n' | "$0" "$@"`, process.execPath, bin, ...words], {
      encoding: 'utf8',
    })
    expect(ran.stderr).toContain('1 added')
  })
})

describe('people of Authelia', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  const name = fc.stringMatching(/^[a-z0-9]{1,8}$/)
  const user = fc.record({
    displayname: word,
    email: word,
    disabled: fc.boolean(),
    groups: fc.array(word, { maxLength: 3 }),
  })
  const totp = fc.record({
    username: name,
    issuer: word,
    digits: fc.constant(6),
    secret: fc.constant('R0VaREdOQlZHWTNUUU9KUQ=='),
  })

  it('are the same in pieces and in one, however the file is written', { timeout: 60_000 }, async () => {
    const file = fc.record({
      users: fc.dictionary(name, user, { minKeys: 60, maxKeys: 150, noNullPrototype: true }),
      totp_configurations: fc.array(totp, { maxLength: 100 }),
    })
    const options = fc.record({
      indent: fc.integer({ min: 2, max: 6 }),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20, 80),
      defaultStringType: fc.constantFrom(
        'PLAIN',
        'QUOTE_DOUBLE',
        'QUOTE_SINGLE',
        'BLOCK_LITERAL',
        'BLOCK_FOLDED' as const,
      ),
    })
    await fc.assert(
      fc.asyncProperty(file, options, fc.boolean(), async (value, how, hasStart) => {
        const text = `${hasStart ? '---\n# people\n' : ''}${stringify(value, { ...how, defaultKeyType: 'PLAIN' })}`
        // What belongs to no document is never cut.
        const one = readAuthelia([inFile('one', `%YAML 1.2\n${hasStart ? '' : '---\n'}${text}`)])
        const many = readAuthelia([inFile('many', text)])
        const bare = (person: ImportedPerson) => ({ ...person, place: '' })
        expect((await all(many)).map(bare)).toEqual((await all(one)).map(bare))
        expect([...piecesOfYaml([text])].length).toBeGreaterThan(1)
      }),
      { numRuns: 25 },
    )
  })

  it('are read by lines where they are written in lines, and never otherwise than by the whole reader', () => {
    const pieces = fc.constantFrom(
      ...[
        'a',
        'b: c',
        '- x',
        'é',
        "'q'",
        '"d"',
        '$2y$05$',
        ' ',
        '  ',
        ':',
        ': ',
        '#',
        ' #',
        '- ',
        '[]',
        '{}',
        '|',
        '>',
        '&a',
        '*a',
        '!t',
        '~',
        "''",
        '\\',
        '@',
        '%',
        '?',
        '? ',
        ',',
        '\t',
        '---',
        '\n',
        '\n  ',
        '\n    ',
        '\n- ',
        'k:\n',
        'null',
        '<<',
      ],
    )
    let read = 0
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 14 }), (parts) => {
        const text = parts.join('')
        const simple = readSimpleYaml(text)
        if (simple === null) return
        read += 1
        const whole = parseDocument(text, { schema: 'failsafe', uniqueKeys: true })
        expect([...whole.errors, ...whole.warnings]).toEqual([])
        expect(simple.value).toEqual(whole.toJS())
      }),
      { numRuns: 20_000 },
    )
    // Otherwise nothing was compared.
    expect(read).toBeGreaterThan(300)
    const users = Array.from(
      { length: 3 },
      (_none, at) => `  p${at}:\n    password: '$argon2id$v=19$x'\n    groups:\n      - staff\n`,
    )
    expect(readSimpleYaml(`users:\n${users.join('')}`)?.lines).toEqual(
      new Map([
        ['p0', 2],
        ['p1', 6],
        ['p2', 10],
      ]),
    )
  })

  it('say the line that they stand in, and so does a mistake, however far behind', async () => {
    const lines = Array.from({ length: 500 }, (_none, at) => `  p${at}:\n    displayname: x\n`).join('')
    const people = await all(readAuthelia([inFile('users.yml', `---\nusers:\n${lines}`)]))
    expect(people.at(-1)).toMatchObject({ username: 'p499', place: 'line 1001' })
    expect(() => readAuthelia([inFile('users.yml', `users:\n${lines}  q: [x\n`)])).toThrow(/line 100[23]/)
    expect(() => readAuthelia([inFile('users.yml', `users:\n${lines}  q: *x\n`)])).toThrow(
      /anchors|line 1002/,
    )
    expect(() => readAuthelia([inFile('users.yml', `users:\n${lines}---\nusers:\n  a: {}\n`)])).toThrow(
      'line',
    )
  })
})

describe('a server of Keycloak with several realms', () => {
  const realm = (name: string, users: number) => ({
    realm: name,
    users: Array(users).fill({ username: name }),
  })

  it('has people of which realm, if one has any', async () => {
    const text = JSON.stringify([{ realm: 'master' }, realm('site', 2)])
    expect(await all(readKeycloak([inFile('all.json', text)]))).toHaveLength(2)
  })

  it('is not taken for the first of them', async () => {
    const file = fileOf(JSON.stringify([realm('master', 1), realm('site', 2)]))
    const ran = await run(['import', 'keycloak', file, '--data', join(temporaryFolder(), 'd')])
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toContain('has 2 realms with users ("master", "site"): export one with --realm')
  })
})
