import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unreadMembers } from '../../../../scripts/lib/unread-members.mjs'
import type * as openModule from '../../src/compose/open.js'
import type * as settingsModule from '../../src/config/read.js'
import { before, behind, ChangedCopy, filesOf, first, instead } from '../support/changed-copy.js'
import { quickArgon2 } from '../support/phone.js'

/** What CONTRIBUTING promises to somebody who is new here: which files a change touches, and what is not forgotten. */
const copy = new ChangedCopy('recipes')
const data = mkdtempSync(join(tmpdir(), 'nightlatch-recipes-'))
const env = { NIGHTLATCH_DATA: data }
const slow = 300_000

beforeAll(() => {
  copy.begin()
})

afterAll(() => {
  copy.end()
  rmSync(data, { recursive: true, force: true })
})

/** A limit of `core/policy.ts` becomes a setting. */
const record = before(
  'config/settings.ts',
  '  contact: describe({',
  `  signInMinutes: describe({
    variable: 'NIGHTLATCH_SIGN_IN_MINUTES',
    placeholder: 'number',
    help: 'How long somebody may take from the password to the second factor.',
    shownDefault: '15',
    example: '5',
    parse: parse.wholeNumber(1, 60),
  }),
`,
)
const takenUp = [
  behind(
    'config/read.ts',
    "  readonly mfa: 'required' | 'optional'\n",
    '  readonly signInMinutes: number | null\n',
  ),
  behind('config/read.ts', "  mfa: 'required' as const,\n", '  signInMinutes: null,\n'),
  instead('config/read.ts', '  const { hsts, contact, ', '  const { hsts, signInMinutes, contact, '),
  instead('config/read.ts', 'dataFolder: folder, ', 'signInMinutes, dataFolder: folder, '),
]
const used = [
  behind('compose/policy.ts', '  passwordReset,\n', '  signInMinutes,\n'),
  behind(
    'compose/policy.ts',
    '  ...usualLimits,\n',
    '  ...(signInMinutes === null ? {} : { signInSeconds: signInMinutes * 60 }),\n',
  ),
]

const interfaces = [
  { file: 'config/read.ts', name: 'Settings' },
  { file: 'config/read.ts', name: 'ServerSettings' },
  { file: 'core/policy.ts', name: 'Limits' },
  { file: 'core/policy.ts', name: 'Policy' },
]

describe('a new setting', () => {
  it(
    'that nothing takes up does not compile',
    () => {
      copy.apply([record])
      expect(copy.compile()).toEqual(['config/read.ts'])
    },
    slow,
  )

  it(
    'that is taken up and then read by nobody is found, and no other one is',
    () => {
      copy.apply(takenUp)
      expect(unreadMembers(copy.src, interfaces)).toEqual(['config/read.ts: Settings.signInMinutes'])
    },
    slow,
  )

  it(
    'takes three files: its record, the settings as they are read, the policy that it feeds',
    async () => {
      copy.apply(used)
      expect(copy.compile()).toEqual([])
      expect(filesOf([record, ...takenUp, ...used])).toHaveLength(3)
      const { openNightlatch } = await copy.load<typeof openModule>('compose/open.js')
      const { readSettings } = await copy.load<typeof settingsModule>('config/read.js')
      const signInSecondsWith = async (more: Record<string, string>): Promise<number> => {
        const read = readSettings({ env: { ...env, ...more } })
        if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
        const nightlatch = await openNightlatch(read.settings, { unsafeArgon2Setting: quickArgon2 })
        await nightlatch.close()
        return nightlatch.core.policy.signInSeconds
      }
      expect(await signInSecondsWith({})).toBe(15 * 60)
      expect(await signInSecondsWith({ NIGHTLATCH_SIGN_IN_MINUTES: '3' })).toBe(3 * 60)
      expect(copy.cli(env, 'serve', '--help').out).toContain('--sign-in-minutes <number>')
    },
    slow,
  )
})

describe('a new command', () => {
  const edits = [
    first('cli/commands/all.ts', "import { addCountCommand } from './count.js'\n"),
    before('cli/commands/all.ts', '  addBackupCommand,\n', '  addCountCommand,\n'),
  ]
  const files = {
    'cli/commands/count.ts': `import type { AddCommands } from '../framework/command.js'
import { print, printJson } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

export const addCountCommand: AddCommands = (program, deps) => {
  const count = program
    .command('count')
    .description('Prints how many accounts there are.')
    .example('nightlatch count')
    .option('--json', 'Print JSON.')
  addSettingFlags(count, databaseSettings).action(async (options: Readonly<Record<string, unknown>>) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      work: async ({ core }) => {
        const accounts = (await core.queries.accounts.list()).length
        if (options['json'] === true) return printJson(deps, { accounts })
        print(deps, String(accounts))
      },
    })
  })
}
`,
  }

  it(
    'takes two files: itself, and its line in the list; help, JSON and refusals come with it',
    () => {
      copy.apply(edits)
      copy.addFiles(files)
      expect(copy.compile()).toEqual([])
      expect([...filesOf(edits), ...Object.keys(files)]).toHaveLength(2)
      expect(copy.cli(env, 'count')).toEqual({ status: 0, out: '0\n', err: '' })
      expect(JSON.parse(copy.cli(env, 'count', '--json').out)).toMatchObject({ accounts: 0 })
      expect(copy.cli(env, '--help').out).toContain('Prints how many accounts there are.')
      const nowhere = copy.cli({ NIGHTLATCH_DATA: join(data, 'nowhere') }, 'count', '--json')
      expect(nowhere.status).toBe(1)
      expect(JSON.parse(nowhere.err)).toMatchObject({ error: { code: 'no-database' } })
    },
    slow,
  )
})
