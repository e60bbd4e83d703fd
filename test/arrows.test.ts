import { existsSync } from 'node:fs'
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'
import { source, walls } from '../scripts/arrows.mjs'
import { importsOf } from '../scripts/lib/imports.mjs'
import { mayImport, placeOf, wallAround } from '../scripts/lib/walls.mjs'

const eslint = new ESLint({ cwd: new URL('..', import.meta.url).pathname })
const server = 'packages/nightlatch/src'

/** Files of the doors, which are not given the stores. */
const doors = [
  `${server}/http/router.ts`,
  `${server}/http/api/session.ts`,
  `${server}/protect/headers.ts`,
  `${server}/cli/framework/errors.ts`,
  `${server}/adapters/hono.ts`,
]
/** From the file's folder to the source folder. */
const up = (file: string): string => '../'.repeat(file.slice(server.length).split('/').length - 2)

/** What lint says about a text, as if it stood in that file (which exists, so that its types are known). */
async function crimesIn(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: file })
  return (result?.messages ?? []).map(({ message, ruleId }) => `${ruleId ?? 'parser'}: ${message}`)
}

describe('each wall stops its crime', () => {
  it.each([
    [
      'packages/otp/src/base32.ts',
      `export { createHmac } from 'node:crypto'`,
      'The otp package depends on nothing',
    ],
    ['packages/otp/src/base32.ts', `export { encodeQR } from 'qr'`, 'The otp package depends on nothing'],
    [`${server}/core/ids.ts`, `export { readFileSync } from 'node:fs'`, 'core/ decides, it does not do'],
    [`${server}/core/ids.ts`, `export * from '../storage/index.js'`, 'core/ decides, it does not do'],
    [`${server}/core/ids.ts`, `export * from './../storage/index.js'`, 'core/ decides, it does not do'],
    [
      `${server}/core/ids.ts`,
      `import type { Services } from '../http/services.js'\nexport type X = Services`,
      'core/ decides, it does not do',
    ],
    [`${server}/core/ids.ts`, `export { encodeQR } from 'qr'`, 'core/ decides, it does not do'],
    [`${server}/core/ids.ts`, `export const now = () => Date.now()`, 'Time is an argument'],
    [`${server}/core/ids.ts`, `export const now = () => new Date()`, 'Time is an argument'],
    [`${server}/core/ids.ts`, `export const id = () => crypto.randomUUID()`, 'Randomness is an argument'],
    [`${server}/core/ids.ts`, `export const id = () => Math.random()`, 'Randomness is an argument'],
    [
      `${server}/pages/layout/time.ts`,
      `export const has = (one: { factorCounts: object }) => one.factorCounts`,
      'Which factors an account has',
    ],
    ...doors.flatMap((file) => [
      [file, `export { storage } from '${up(file)}core/ports/stores.js'`, '(not core/ports/stores)'],
      [
        file,
        `import type { Stores } from '${up(file)}core/ports/stores.js'\nexport type X = Stores`,
        '(not core/ports/stores)',
      ],
      [
        file,
        `export const find = (one: { stores: { find(): void } }) => one.stores.find()`,
        'A door reads through core.queries',
      ],
      [
        file,
        `export const find = ({ stores }: { stores: { find(): void } }) => stores.find()`,
        'A door reads through core.queries',
      ],
      [
        file,
        `export const has = (one: { factorCounts: object }) => one.factorCounts`,
        'Which factors an account has',
      ],
    ]),
    [`${server}/crypto/platform.ts`, `export { day } from '../core/world.js'`, 'crypto/ may import'],
    [`${server}/crypto/platform.ts`, `export * from '../http/router.js'`, 'crypto/ may import'],
    [`${server}/shared/time.ts`, `export * from '../core/ids.js'`, 'shared/ writes files'],
    [`${server}/storage/stores/facts.ts`, `export { newId } from '../../core/ids.js'`, 'storage/ implements'],
    [`${server}/storage/stores/facts.ts`, `export * from '../../http/router.js'`, 'storage/ implements'],
    [`${server}/storage/stores/facts.ts`, `export * from '../../compose/open.js'`, 'storage/ implements'],
    [
      `${server}/pages/layout/time.ts`,
      `export { newId } from '../../core/ids.js'`,
      'pages/ turn a view into HTML',
    ],
    [
      `${server}/pages/layout/time.ts`,
      `export * from '../../http/router.js'`,
      'pages/ turn a view into HTML',
    ],
    [
      `${server}/pages/layout/time.ts`,
      `export { readFileSync } from 'node:fs'`,
      'pages/ turn a view into HTML',
    ],
    [`${server}/http/router.ts`, `export * from '../storage/index.js'`, 'http/ asks core/'],
    [`${server}/http/router.ts`, `export * from '../crypto/platform.js'`, 'http/ asks core/'],
    [`${server}/http/router.ts`, `export * from '../compose/open.js'`, 'http/ asks core/'],
    [`${server}/http/router.ts`, `export { Client } from 'pg'`, 'http/ asks core/'],
    [`${server}/http/router.ts`, `export { settings } from '../config/settings.js'`, 'http/ asks core/'],
    [`${server}/http/api/session.ts`, `export { encodeQR } from 'qr'`, 'http/api/ is a door'],
    [`${server}/config/parsed.ts`, `export * from '../http/router.js'`, 'config/ reads settings'],
    [`${server}/config/parsed.ts`, `export * from '../core/accounts.js'`, 'config/ reads settings'],
    [`${server}/log/fields.ts`, `export { day } from '../core/world.js'`, 'log/ writes lines'],
    [`${server}/mail/texts.ts`, `export { day } from '../core/world.js'`, 'mail/ turns notices into mails'],
    [`${server}/mail/texts.ts`, `export * from '../storage/index.js'`, 'mail/ turns notices into mails'],
    [`${server}/protect/headers.ts`, `export * from '../storage/index.js'`, 'protect/ stands in front'],
    [`${server}/protect/headers.ts`, `export { day } from '../core/world.js'`, 'protect/ stands in front'],
    [`${server}/oidc/exchange.ts`, `export * from '../storage/index.js'`, 'oidc/ puts the library'],
    [`${server}/oidc/exchange.ts`, `export * from '../http/router.js'`, 'oidc/ puts the library'],
    [`${server}/adapters/hono.ts`, `export * from '../http/router.js'`, 'adapters/ are a few lines'],
    [`${server}/adapters/hono.ts`, `export * from '../core/core.js'`, 'adapters/ are a few lines'],
    [
      `${server}/cli/framework/errors.ts`,
      `export * from '../../storage/index.js'`,
      'cli/ is a door like http/',
    ],
    [
      `${server}/cli/framework/errors.ts`,
      `export * from '../../pages/index.js'`,
      'cli/ is a door like http/',
    ],
    [
      `${server}/cli/framework/errors.ts`,
      `export * from '../../crypto/platform.js'`,
      'cli/ is a door like http/',
    ],
  ])('%s: %s', async (file, text, message) => {
    expect((await crimesIn(file, `${text}\n`)).join('\n')).toContain(message)
  })

  it.each([
    [`${server}/crypto/platform.ts`, `import type { World } from '../core/world.js'\nexport type X = World`],
    [
      `${server}/storage/stores/facts.ts`,
      `import type { FactStore } from '../../core/stores.js'\nexport type X = FactStore`,
    ],
    [
      `${server}/pages/layout/time.ts`,
      `import type { Account } from '../../core/accounts.js'\nexport type X = Account`,
    ],
    [`${server}/http/router.ts`, `export { newId } from '../core/ids.js'`],
    [`${server}/mail/texts.ts`, `import type { Log } from '../log/log.js'\nexport type X = Log`],
    [`${server}/cli/framework/errors.ts`, `export { readSettings } from '../../config/read.js'`],
    [`${server}/core/ids.ts`, `export { Totp } from '@nightlatch/otp'`],
  ])('and lets through what is allowed: %s: %s', async (file, text) => {
    expect(await crimesIn(file, `${text}\n`)).toEqual([])
  })

  it.each(doors)('there is a file %s, so that its types are known', (file) => {
    expect(existsSync(new URL(`../${file}`, import.meta.url))).toBe(true)
  })

  it('every wall has a crime here', async () => {
    const { readFile } = await import('node:fs/promises')
    const text = await readFile(new URL(import.meta.url), 'utf8')
    for (const { folder } of walls) expect(text, folder).toContain(`{server}/${folder}/`)
  })
})

describe('a promise that nobody waits for', () => {
  const store = 'declare const store: { reserve(): Promise<boolean>; clear(): Promise<void> }\n'

  it.each([
    ['left alone', 'export function f() { store.clear() }', 'no-floating-promises'],
    [
      'negated in a condition',
      'export const f = () => { if (!store.reserve()) throw new Error() }',
      'no-misused-promises',
    ],
    [
      'as a condition',
      'export const f = () => { if (store.reserve()) return 1; return 2 }',
      'no-misused-promises',
    ],
    ['in a ternary', 'export const f = () => (store.reserve() ? 1 : 2)', 'no-misused-promises'],
    [
      'handed to a caller that does not wait',
      'export const f = () => [1].forEach(async () => { await store.clear() })',
      'no-misused-promises',
    ],
    ['in a text', 'export const f = () => `${store.reserve()}`', 'restrict-template-expressions'],
  ])('%s is caught', async (_how, text, rule) => {
    expect((await crimesIn(`${server}/core/ids.ts`, `${store}${text}\n`)).join('\n')).toContain(rule)
  })

  it('waiting for what is no promise is caught, too', async () => {
    expect(
      (await crimesIn(`${server}/core/ids.ts`, 'export const f = async () => { await 1 }\n')).join(),
    ).toContain('await-thenable')
  })
})

describe('other habits', () => {
  it('a switch that forgets a case is caught', async () => {
    const text = `export function f(kind: 'a' | 'b') { switch (kind) { case 'a': return 1 } return 2 }\n`
    expect((await crimesIn(`${server}/core/ids.ts`, text)).join()).toContain('switch-exhaustiveness-check')
  })

  it('a mock of our own code is caught', async () => {
    const text = `import { vi } from 'vitest'\nvi.mock('../core/ids.js')\n`
    expect((await crimesIn(`${server}/config/read.test.ts`, text)).join()).toContain(
      'No mock of our own code',
    )
  })

  it('console is caught', async () => {
    expect((await crimesIn(`${server}/core/ids.ts`, `console.log('x')\n`)).join()).toContain('no-console')
  })
})

describe('one way each', () => {
  it.each([
    ['of the stores', 'stores.audit.add(event)', 'note()'],
    ['taken out of them', 'audit.add(event)', 'note()'],
    ['to an account', 'core.notices.send(event, "posted")', 'tellOwner()'],
    ['to an account, later', 'core.notices.send.bind(core)', 'tellOwner()'],
  ])('an event or a notice %s goes by one function', async (_how, text, instead) => {
    const crimes = await crimesIn(
      `${server}/core/ids.ts`,
      `declare const core: any, stores: any, audit: any, event: any\nexport const f = () => ${text}\n`,
    )
    expect(crimes.join('\n')).toContain(`no-restricted-syntax: `)
    expect(crimes.join('\n')).toContain(instead)
  })
})

describe('import() is seen, too', () => {
  it('whatever its form', () => {
    const text = `
      import type { A } from './a.js'
      import { type B } from './b.js'
      import { c } from './c.js'
      export * from './d.js'
      const e = await import('./e.js')
      const f = await import(name)
      const g = isNew ? 'one' : './two.js'
      const h = await import(g)
    `
    expect(importsOf(text)).toEqual([
      { specifier: './a.js', kind: 'type' },
      { specifier: './b.js', kind: 'type' },
      { specifier: './c.js', kind: 'value' },
      { specifier: './d.js', kind: 'value' },
      { specifier: './e.js', kind: 'dynamic' },
      { specifier: '(computed)', kind: 'dynamic' },
      { specifier: 'one', kind: 'dynamic' },
      { specifier: './two.js', kind: 'dynamic' },
    ])
  })

  it('and judged by the same walls, wherever it stands in the folder', () => {
    const may = (file: string, specifier: string) => {
      const path = `${source}/${file}`
      return mayImport(wallAround(walls, source, path)!, placeOf(source, path, specifier), { isType: false })
    }
    expect(may('cli/serve.ts', '../compose/open.js')).toBe(true)
    expect(may('cli/serve.ts', '../storage/index.js')).toBe(false)
    expect(may('cli/commands/serve.ts', '../../compose/open.js')).toBe(true)
    expect(may('cli/commands/serve.ts', '../../storage/index.js')).toBe(false)
    expect(may('cli/serve.ts', '(computed)')).toBe(false)
    expect(may('http/api/session.ts', 'qr')).toBe(false)
  })
})
