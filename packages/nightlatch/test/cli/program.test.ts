import { describe, expect, it } from 'vitest'
import { flagOf, settingNames, settings } from '../../src/config/settings.js'
import { run } from '../support/cli.js'
import { asCalled } from '../../src/cli/framework/called.js'
import type { CliCommand } from '../../src/cli/framework/command.js'
import type { CliDeps } from '../../src/cli/framework/deps.js'
import { all } from '../../src/cli/commands/all.js'
import { buildProgram, forEachCommand } from '../../src/cli/program.js'

const deps = { version: '1.2.3', env: {}, stdout: {}, stderr: {} } as unknown as CliDeps
const program = buildProgram(deps, all)
const paths: string[][] = []
forEachCommand(program, (command) => {
  const path: string[] = []
  for (let one: CliCommand | null = command; one?.parent; one = one.parent as CliCommand | null)
    path.unshift(one.name())
  paths.push(path)
})

const find = (path: readonly string[]): CliCommand =>
  path.reduce<CliCommand>((at, name) => at.commands.find((one) => one.name() === name) as CliCommand, program)

describe('without arguments', () => {
  it('twelve lines at most say what it is and where to start', async () => {
    const ran = await run([])
    expect(ran).toMatchObject({ status: 0, err: '' })
    expect(ran.out.split('\n').length - 1).toBeLessThanOrEqual(12)
    expect(ran.out).toContain('nightlatch serve')
  })
})

describe('a command in a sentence', () => {
  it.each([...program.commands.map((command) => command.name()), '--help'])(
    'nightlatch %s is written as it can be typed where the shell does not find it',
    (name) => {
      const sentence = `there is none: nightlatch ${name} shows it`
      expect(asCalled({ env: { PATH: '/nowhere' } }, sentence)).toBe(sentence.replace(': ', ': npx '))
    },
  )
})

describe('help', () => {
  it.each(paths.map((path) => [path.join(' '), path] as const))(
    'of `%s` works in every form',
    async (_name, path) => {
      const asked = await run([...path, '--help'])
      expect(asked).toMatchObject({ status: 0, err: '' })
      expect((await run([...path, '-h'])).out).toBe(asked.out)
      expect(await run(['help', ...path])).toEqual(asked)
      if (path.length === 2) expect(await run([path[0]!, 'help', path[1]!])).toEqual(asked)
    },
  )

  it.each(paths.map((path) => [path.join(' '), path] as const))(
    'of `%s` begins with examples that exist',
    async (_name, path) => {
      const { out } = await run([...path, '--help'])
      expect(out.indexOf('Examples:')).toBeGreaterThan(0)
      expect(out.indexOf('Examples:')).toBeLessThan(out.indexOf('Usage:'))
      for (const example of find(path).examples) {
        const words = /nightlatch ((?:[a-z][a-z-]* ?)*)/.exec(example)?.[1]?.trim().split(' ') ?? []
        let at = program
        for (const word of words)
          at = (at.commands.find((one) => one.name() === word) as CliCommand | undefined) ?? at
        expect(at, example).not.toBe(program)
        for (const flag of example.match(/(?<= )--[a-z-]+/g) ?? [])
          expect(
            at.options.map((option) => option.long),
            example,
          ).toContain(flag)
      }
    },
  )

  it('says what the version is', async () => {
    expect(await run(['--version'])).toEqual({ status: 0, out: '1.2.3\n', err: '' })
  })
})

describe('wrong usage', () => {
  it.each([
    [['usr'], 'Did you mean user?'],
    [['user', 'lst'], 'Did you mean list?'],
    [['user', 'list', '--jsn'], 'Did you mean --json?'],
    [['user', 'add'], "missing required argument 'name'"],
    [['user', 'list', 'x'], 'too many arguments'],
    [['backup'], "missing required argument 'file'"],
    [['completion', 'tcsh'], 'bash'],
    [['otp', 'secret', '--bytes'], 'argument missing'],
    [['--nonsense'], 'unknown option'],
    [['serve', '--secret', 'x'], 'NIGHTLATCH_SECRET or --secret-file'],
    [['user', 'add', 'ada', '--password', 'x'], '--password-stdin'],
    [['user', 'delete', 'ada'], 'Did you mean remove?'],
    [['user', 'rm', 'ada'], 'Did you mean remove?'],
    [['user', 'create', 'ada'], 'Did you mean add?'],
    [['start'], 'Did you mean serve?'],
    [['--data', 'x', 'user', 'list'], 'Flags stand behind the command: nightlatch user list --data …'],
    [['--port=3100', 'serve'], 'Flags stand behind the command'],
    [['user', 'constructor'], "unknown command 'constructor'. Try --help."],
    [['help', 'usr'], 'Did you mean user?'],
    [['help', 'user', 'lst'], 'Did you mean list?'],
    [['user', 'help', 'lst'], 'Did you mean list?'],
  ])('%j ends with 2 and one line', async (args, text) => {
    const ran = await run(args)
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
    expect(ran.err).toContain(text)
  })

  it.each([['user'], ['otp'], ['key']])('%s alone prints its help and ends with 2', async (name) => {
    expect(await run([name])).toMatchObject({ status: 2, out: '', err: expect.stringContaining('Usage:') })
  })

  it.each([
    [['serve', '--secret=hunter2=x']],
    [['user', 'add', 'ada', '--password=hunter2']],
    [['otp', 'code', '--token=hunter2']],
    [['--data=hunter2', 'user', 'list']],
    [['--database-url', 'hunter2', 'user', 'list']],
  ])('%j: what may be a secret is not repeated', async (args) => {
    const ran = await run(args)
    expect(ran.status).toBe(2)
    expect(ran.err).toContain("unknown option '--")
    expect(ran.err).not.toContain('hunter2')
  })

  it('is one object for whoever asked for JSON, with every problem in it', async () => {
    const env = { NIGHTLATCH_PROT: 'x', NIGHTLATCH_MFA: 'x' }
    const ran = await run(['user', 'list', '--json'], { env })
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(JSON.parse(ran.err)).toEqual({
      schemaVersion: 1,
      error: {
        code: 'wrong-usage',
        message: expect.stringMatching(/NIGHTLATCH_PROT.*NIGHTLATCH_MFA/),
        problems: [expect.stringContaining('NIGHTLATCH_PROT'), expect.stringContaining('NIGHTLATCH_MFA')],
      },
    })
  })

  it('reports every bad setting at once', async () => {
    const env = { NIGHTLATCH_PROT: 'x', NIGHTLATCH_MFA: 'x', NIGHTLATCH_SECRET: 'hunter2' }
    const ran = await run(['serve', '--port', 'x'], { env })
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(ran.err.trimEnd().split('\n')).toHaveLength(4)
    expect(ran.err).not.toContain('hunter2')
  })
})

describe('flags', () => {
  it('of serve are the settings, save the secret', () => {
    const flags = find(['serve']).options.map((option) => option.long)
    for (const name of settingNames)
      expect(flags.includes(flagOf(name))).toBe(settings[name].placeholder !== null)
  })

  it('none takes a secret but the one of the contract, which may come by standard input', () => {
    const suspicious: string[] = []
    forEachCommand(program, (command) => {
      for (const option of command.options)
        if (
          /secret|password|token|(?<!pass)key|code/.test(option.long ?? '') &&
          (option.required || option.optional)
        )
          suspicious.push(`${command.name()} ${option.long}`)
    })
    // The name of a file is none, nor is a switch.
    const harmless = / --(?:secret-file|tls-key|password-reset)$/
    expect([...new Set(suspicious)].filter((one) => !harmless.test(one))).toEqual(['uri --secret'])
  })

  it('--json where data is printed', () => {
    for (const path of [
      'user add',
      'user list',
      'user show',
      'user disable',
      'user enable',
      'user remove',
      'user password',
      'user reset-mfa',
      'backup',
      'otp secret',
      'otp code',
      'otp verify',
      'otp uri',
      'otp read',
      'doctor',
      'audit',
      'key list',
      'key forget-lost',
      'after-restore',
      'move',
    ])
      expect(
        find(path.split(' ')).options.map((option) => option.long),
        path,
      ).toContain('--json')
  })
})

describe('an error that nobody foresaw', () => {
  it('is one line with its place and no stack, and its message stays inside', async () => {
    const open = () => Promise.reject(new TypeError('marker-hunter2'))
    const env = { NIGHTLATCH_DATABASE_URL: 'postgres://db/x' }
    const ran = await run(['user', 'list'], { env, deps: { open } })
    expect(ran.status).toBe(1)
    expect(ran.err).toMatch(
      /^nightlatch: something went wrong that should not \(TypeError at [^\n]+\): please report it\n$/,
    )
    expect(ran.err).not.toContain('marker')
  })
})
