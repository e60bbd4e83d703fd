import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createNightlatch } from '../../src/compose/library.js'
import { run, spawnCli, startCli, startProgram, temporaryFolder, type Running } from '../support/cli.js'

const root = new URL('../../../..', import.meta.url).pathname
const linkOf = async (data: string, name: string, ...flags: readonly string[]): Promise<string> =>
  (await run(['user', 'add', name, '--data', data, ...flags])).out.trim().replace(/token=.*/, 'token=')

async function originOf(server: Running): Promise<string> {
  const [, origin = ''] = await server.until(/ is at (http:\/\/localhost:\d+)/)
  return origin
}

describe('what the server was told, the command line knows', () => {
  it('where its pages are: links lead there, and not to where they would be by themselves', async () => {
    const data = temporaryFolder()
    const server = startCli(['serve', '--port', '0', '--base-path', '/auth', '--data', data])
    const origin = await originOf(server)
    expect(await linkOf(data, 'ada')).toBe(`${origin}/auth/invitation?token=`)
    expect(await linkOf(data, 'bob', '--origin', 'https://said.example')).toBe(
      'https://said.example/auth/invitation?token=',
    )
    expect(await linkOf(data, 'cy', '--port', '4000', '--base-path', '/x')).toBe(
      'http://localhost:4000/x/invitation?token=',
    )
    const doctor = await run(['doctor', '--data', data])
    expect(doctor.out).toContain(`origin      ${origin}/auth answers`)
    await server.stop('SIGTERM')
    expect(await linkOf(data, 'dee')).toBe(`${origin}/auth/invitation?token=`)
  })

  it('that protect stands in front of an application: its links work, and no proxy is missing', async () => {
    const data = temporaryFolder()
    const server = startCli(['protect', 'http://127.0.0.1:9', '--port', '0', '--data', data])
    const origin = await originOf(server)
    expect(await linkOf(data, 'ada')).toBe(`${origin}/_nightlatch/invitation?token=`)
    const doctor = await run(['doctor', '--data', data])
    expect(doctor.out).toMatch(/^OK +proxy .*protect stands in front of http:\/\/127\.0\.0\.1:9/m)
    expect(doctor.out).toContain(`${origin}/_nightlatch answers`)
  })

  it('that a proxy is trusted and mail is sent, although only the server was told', async () => {
    const data = temporaryFolder()
    const env = { NIGHTLATCH_SMTP_URL: 'smtp://127.0.0.1:9', NIGHTLATCH_MAIL_FROM: 'auth@example.org' }
    const flags = ['--origin', 'https://auth.example.org', '--trusted-proxies', '10.0.0.1']
    const server = startCli(['serve', '--port', '0', '--data', data, ...flags], { env })
    await server.until(/server\.listening/)
    const { out } = await run(['doctor', '--data', data])
    expect(out).toMatch(/^OK +proxy /m)
    expect(out).toMatch(/^OK +mail /m)
    expect(out).toMatch(/^OK +cookies +auth\.example\.org/m)
  })

  it('where an application has the pages inside', async () => {
    const database = temporaryFolder()
    const auth = await createNightlatch({ origin: 'https://photos.example', basePath: '/auth', database })
    await auth.close()
    expect(await linkOf(database, 'ada')).toBe('https://photos.example/auth/invitation?token=')
  })

  it('but not the server that starts now: what it was told counts, and else what is usual', async () => {
    const data = temporaryFolder()
    const auth = await createNightlatch({ origin: 'https://old.example', database: data })
    await auth.close()
    const server = startCli(['serve', '--port', '0', '--data', data])
    expect(await originOf(server)).toMatch(/^http:\/\/localhost:/)
    expect(await linkOf(data, 'ada')).toMatch(/^http:\/\/localhost:\d+\/invitation/)
  })
})

describe('the first minutes', () => {
  it('doctor says that the first link ends, and what prints another', async () => {
    const data = temporaryFolder()
    const server = startCli(['serve', '--port', '0', '--data', data])
    await server.until(/another start prints a new one/)
    expect((await run(['doctor', '--data', data])).out).toMatch(/^WARN +accounts .*start the server again/m)
    await run(['user', 'add', 'ada', '--data', data])
    expect((await run(['doctor', '--data', data])).out).not.toMatch(/accounts/)
  })

  it('protect says what it protects, and that nothing answers there', async () => {
    const server = startCli(['protect', 'http://127.0.0.1:9', '--port', '0', '--data', temporaryFolder()])
    await server.until(/ is at http:\/\/localhost:\d+ → http:\/\/127\.0\.0\.1:9\n/)
    await server.until(/Nothing answers at http:\/\/127\.0\.0\.1:9 yet \(ECONNREFUSED\)/)
    expect(server.err()).toMatch(/"event":"application\.unreachable"/)
  })

  it('protect says nothing of an application that answers', async () => {
    const application = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void application.close())
    const url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
    const server = startCli(['protect', url, '--port', '0', '--data', temporaryFolder()])
    await server.until(/There is no account yet/)
    expect(server.out() + server.err()).not.toMatch(/Nothing answers|unreachable/)
  })

  it.each([
    [['--host', '0.0.0.0'], true],
    [['--host', '0.0.0.0', '--origin', 'https://192.168.1.20:8443'], false],
    [['--host', '127.0.0.2'], false],
    [[], false],
  ])(
    '%j, which other machines reach, is warned of where they cannot sign in: %j',
    async (flags, isWarned) => {
      const server = startCli(['serve', ...flags, '--port', '0', '--data', temporaryFolder()])
      await server.until(/There is no account yet/)
      await server.until(/server\.listening/)
      expect(
        /It listens on 0\.0\.0\.0, but its origin is http:\/\/localhost:\d+: .*--origin/.test(server.out()),
      ).toBe(isWarned)
      expect(/"event":"origin\.loopback"/.test(server.err())).toBe(isWarned)
    },
  )

  it('a port that is taken is named, with a command that works', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as AddressInfo
    const ran = spawnCli(['serve', '--port', String(port), '--data', temporaryFolder()])
    expect(ran.status).toBe(1)
    expect(ran.err).toMatch(new RegExp(`port ${port} is taken: .*NIGHTLATCH_PORT=\\d+ before the command`))
  })

  it('a runtime without security fixes is named in words', async () => {
    const server = startCli(['serve', '--port', '0', '--data', temporaryFolder()])
    await server.until(/server\.listening/)
    const isOld = Number(process.versions.node.split('.')[0]) < 22
    expect(/"reason":"it gets no security fixes any more: use Node 22 or later"/.test(server.err())).toBe(
      isOld,
    )
  })
})

describe('a command in a sentence can be typed as it stands', () => {
  const missing = ['user', 'show', 'nobody']

  it('with npx where npm ran this one, or the shell does not find it', async () => {
    const data = temporaryFolder()
    await run(['user', 'add', 'ada', '--data', data])
    const hint = async (env: Record<string, string>) =>
      /(npx )?nightlatch user list/.exec((await run([...missing, '--data', data], { env })).err)?.[0]
    expect(await hint({ npm_command: 'exec', PATH: process.env['PATH'] ?? '' })).toBe(
      'npx nightlatch user list',
    )
    expect(await hint({ PATH: '/nowhere' })).toBe('npx nightlatch user list')
    expect(await hint({ PATH: `/nowhere:${join(root, 'node_modules/.bin')}` })).toBe('nightlatch user list')
  })

  it('with the database that this one was told', async () => {
    const data = temporaryFolder()
    const server = startCli(['serve', '--port', '0', '--data', data])
    await server.until(new RegExp(`nightlatch doctor --data ${data}`))
  })
})

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

describe('npm', () => {
  const env = () => ({ NIGHTLATCH_DATA: temporaryFolder() })
  const free = async (): Promise<number> => {
    const probe = createServer()
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    return port
  }

  it.each([
    ['npm start', ['start', '--', '--port', '0']],
    ['npx nightlatch serve', ['exec', '--', 'nightlatch', 'serve', '--port', '0']],
  ])('%s: the server ends with it on SIGTERM', async (_what, args) => {
    const npm = startProgram('npm', args, { cwd: root, env: env() })
    const port = Number(new URL(await originOf(npm)).port)
    expect(await answers(port)).toBe(true)
    await npm.stop('SIGTERM')
    await npm.until(/server\.stopped/)
    expect(await answers(port)).toBe(false)
  })

  it.each([
    ['PORT', (port: number) => ({ args: ['start'], env: { PORT: String(port) } })],
    ['--port 3100 without --', (port: number) => ({ args: ['start', '--port', String(port)], env: {} })],
    ['--port=3100 without --', (port: number) => ({ args: ['start', `--port=${port}`], env: {} })],
  ])('npm start takes %s', async (_what, how) => {
    const port = await free()
    const { args, env: more } = how(port)
    const npm = startProgram('npm', args, { cwd: root, env: { ...env(), ...more } })
    expect(await originOf(npm)).toBe(`http://localhost:${port}`)
    await npm.stop('SIGTERM')
    await npm.until(/server\.stopped/)
  })
})

describe('npm start where nobody says a port', () => {
  it('wants the usual one: the only mistake is the one that was made', async () => {
    const env = { NIGHTLATCH_DATA: temporaryFolder(), NIGHTLATCH_MFA: 'perhaps' }
    const npm = startProgram('npm', ['start'], { cwd: root, env })
    await npm.until(/NIGHTLATCH_MFA/)
    expect(npm.out() + npm.err()).not.toContain('NIGHTLATCH_PORT')
  })
})

describe('another root key, on an installation as it comes', () => {
  it('key new, a restart, key retire: doctor is content, and the old key is gone', async () => {
    const data = temporaryFolder()
    const nl = (...args: readonly string[]) => run([...args, '--data', data])
    const keys = async () =>
      (JSON.parse((await nl('key', 'list', '--json')).out) as { keys: { id: string; newest: boolean }[] })
        .keys
    const first = startCli(['serve', '--port', '0', '--data', data])
    await first.until(/server\.listening/)
    const [old] = await keys()
    expect((await nl('key', 'new')).err).toContain('nightlatch key retire')
    expect(readFileSync(join(data, 'root-key'), 'utf8').trim().split('\n')).toHaveLength(2)
    const early = await nl('key', 'retire')
    expect(early.status).toBe(1)
    expect(early.err).toContain('restart it first')
    await first.stop('SIGTERM')
    const second = startCli(['serve', '--port', '0', '--data', data])
    await second.until(/server\.listening/)
    const retired = await nl('key', 'retire')
    expect(retired.err).toContain(`Retired the key ${old?.id}`)
    expect(readFileSync(join(data, 'root-key'), 'utf8').trim().split('\n')).toHaveLength(1)
    expect(await keys()).toEqual([
      { id: expect.not.stringMatching(old?.id ?? ''), here: true, newest: true, secrets: 0 },
    ])
    expect((await nl('doctor')).out).toMatch(/^OK +key /m)
  })

  it('a key in NIGHTLATCH_SECRET is changed there: key new says how, and changes nothing', async () => {
    const env = { NIGHTLATCH_SECRET: Buffer.alloc(32, 'a secret of a test').toString('base64') }
    const data = temporaryFolder()
    await run(['user', 'add', 'ada', '--data', data], { env })
    const ran = await run(['key', 'new', '--data', data], { env })
    expect(ran.status).toBe(1)
    expect(ran.err).toContain('NIGHTLATCH_SECRET')
    expect(existsSync(join(data, 'root-key'))).toBe(false)
  })
})

describe('backup', () => {
  it('takes a folder for no file, says which file it could be, and names a folder that is not there', async () => {
    const folder = temporaryFolder()
    const data = join(folder, 'data')
    await run(['user', 'add', 'ada', '--data', data])
    const into = await run(['backup', folder, '--data', data])
    expect(into).toMatchObject({ status: 1, out: '' })
    expect(into.err).toBe(
      `nightlatch: ${folder} is a folder: name the file, ${join(folder, 'nightlatch.db')} for example\n`,
    )
    const nowhere = await run(['backup', join(folder, 'none', 'x.db'), '--data', data])
    expect([nowhere.status, nowhere.err]).toEqual([
      1,
      `nightlatch: there is no folder ${join(folder, 'none')}: make it first, or choose another one\n`,
    ])
    const file = join(folder, 'x.db')
    expect((await run(['backup', file, '--data', data])).status).toBe(0)
    expect((await run(['backup', file, '--data', data])).err).toContain('exists already')
  })
})
