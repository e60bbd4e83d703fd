import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  bin,
  hasProgram,
  spawnAtTerminal,
  spawnCli,
  startCli,
  startProgram,
  temporaryFolder,
} from '../support/cli.js'
import { qrPng } from '../../src/shared/qr.js'

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const uri = `otpauth://totp/Example:ada@example.org?secret=${secret}&issuer=Example`

describe('the installed command', () => {
  it('separates the result from the messages', () => {
    expect(spawnCli(['otp', 'code', secret, '--at', '59'])).toEqual({ status: 0, out: '287082\n', err: '' })
    expect(spawnCli(['otp', 'code', '-', '--at', '59'], { stdin: uri })).toMatchObject({ out: '287082\n' })
    expect(spawnCli(['otp', 'verify', secret, '287082', '--at', '1000'])).toMatchObject({
      status: 1,
      out: '',
    })
    expect(spawnCli(['nonsense'])).toMatchObject({ status: 2, out: '' })
  })

  it('refuses a rules file with a mistake at the start, with line and reason', () => {
    const file = join(temporaryFolder(), 'rules.json')
    writeFileSync(file, '{\n  "rules": [\n    { "pth": "/x", "access": "public" }\n  ]\n}\n')
    const { status, err } = spawnCli(['serve', '--rules', file])
    expect(status).toBe(2)
    expect(err).toContain(`${file}:3: "pth" is not known`)
  })

  it.each([['serve'], ['protect', 'http://127.0.0.1:9']])(
    '%s serves on when nobody reads what it says any more',
    async (...command) => {
      const args = [bin, ...command, '--port', '0', '--data', join(temporaryFolder(), 'data')]
      const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      onTestFinished(() => void server.kill('SIGKILL'))
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.stdout.destroy()
      const port = await new Promise<string>((resolve, reject) => {
        let log = ''
        server.stderr.on('data', (chunk: Buffer) => {
          const found = /"port":(\d+)/.exec((log += chunk.toString()))?.[1]
          if (found !== undefined) resolve(found)
        })
        server.once('exit', () => reject(new Error(`it ended: ${log}`)))
      })
      // Its standard output has been written to by now, and so has its log from here on.
      server.stderr.destroy()
      for (let time = 0; time < 3; time += 1)
        expect((await fetch(`http://127.0.0.1:${port}/_nightlatch/nowhere`)).status).toBeGreaterThan(0)
      server.kill('SIGTERM')
      expect(await ended).toBe(0)
    },
  )

  it('takes a reader that goes away calmly', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `'${process.execPath}' '${bin}' --help | head -1`])
    expect([status, stderr.toString()]).toEqual([0, ''])
  })

  it('writes files for their owner only, whatever the umask', () => {
    const data = join(temporaryFolder(), 'data')
    const command = `umask 000; printf 'correct horse battery' | '${process.execPath}' '${bin}' user add ada --password-stdin --data '${data}'; stat -c %a '${data}' '${data}'/*`
    const { stdout } = spawnSync('sh', ['-c', command])
    expect(stdout.toString()).toMatch(/^ada\n700\n(600\n)+$/)
  })
})

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  const command = (args: string) => `exec '${process.execPath}' '${bin}' ${args}`

  it('below the result is one line and a failure', () => {
    const { status, stderr } = spawnSync('sh', ['-c', command('otp secret > /dev/full')])
    expect(status).toBe(1)
    expect(stderr.toString()).toMatch(/^nightlatch: standard output cannot be written \(ENOSPC\)[^\n]+\n$/)
  })

  it('below the messages changes nothing', () => {
    expect(spawnSync('sh', ['-c', command('nonsense 2> /dev/full')]).status).toBe(2)
  })

  it('below the log of a server does not stop it', async () => {
    const server = startProgram('sh', [
      '-c',
      command(`serve --port 0 --data '${temporaryFolder()}' 2> /dev/full`),
    ])
    const [, origin = ''] = await server.until(/ is at (http:\/\/localhost:\d+)/)
    for (let time = 0; time < 3; time += 1) expect((await fetch(`${origin}/login`)).status).toBe(200)
    expect(await server.stop('SIGTERM')).toBe(0)
  })
})

describe.skipIf(!hasProgram('script'))('at a terminal', () => {
  const add = (data: string) =>
    spawnCli(['user', 'add', 'ada', '--password-stdin', '--data', data], { stdin: 'correct horse battery' })

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
    [{ FORCE_COLOR: '0' }, false],
  ])('with %j colour is %s', (env, coloured) => {
    const data = temporaryFolder()
    add(data)
    const ran = spawnAtTerminal(['user', 'list', '--data', data], { env })
    expect(ran.out).toContain('ada')
    expect(ran.out.includes('\u001b[')).toBe(coloured)
  })

  it.each([
    ['before', (words: string[]) => ['--no-color', ...words]],
    ['after', (words: string[]) => [...words, '--no-color']],
  ])('--no-color %s the command wins over everything', (_where, place) => {
    const data = temporaryFolder()
    add(data)
    const ran = spawnAtTerminal(place(['user', 'list', '--data', data]), { env: { FORCE_COLOR: '1' } })
    expect(ran).toMatchObject({ status: 0, out: expect.stringContaining('ada') })
    expect(ran.out).not.toContain('\u001b[')
  })

  it('in a pipe there is none, unless it is forced', () => {
    const data = temporaryFolder()
    add(data)
    expect(spawnCli(['doctor', '--data', data, '--port', '9']).out).not.toContain('\u001b[')
    expect(spawnCli(['doctor', '--data', data, '--port', '9'], { env: { FORCE_COLOR: '1' } }).out).toContain(
      '\u001b[',
    )
  })

  it('a password is typed unseen', () => {
    const data = temporaryFolder()
    const ran = spawnAtTerminal(['user', 'add', 'ada', '--password-stdin', '--data', data], {
      stdin: 'correct horse battery\n',
    })
    expect(ran.status).toBe(0)
    expect(ran.out).toContain('Password: ')
    expect(ran.out).toContain('Added ada')
    // The terminal itself echoes what comes before we ask; we must not.
    expect(ran.out.slice(ran.out.indexOf('Password: '))).not.toContain('correct horse')
  })

  it.each([{}, { NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'a QR code is drawn in explicit cells, also with %j',
    (env) => {
      const ran = spawnAtTerminal(['otp', 'qr', uri], { env, columns: 80 })
      const rows = ran.out.split('\n').filter((line) => line.includes('\u001b[30;107m'))
      expect(rows.length).toBeLessThanOrEqual(23)
      const modules = rasterise(rows)
      expect(modules.length).toBeLessThanOrEqual(46)
      expect(modules.slice(0, 4).flat()).not.toContain(true)
      expect(ran.out).toContain('Setup key: GEZD GNBV')
      if (!hasProgram('zbarimg')) return
      const file = join(temporaryFolder(), 'screen.png')
      writeFileSync(file, qrPng(modules.slice(0, modules[0]?.length)))
      expect(spawnSync('zbarimg', ['-q', '--raw', file]).stdout.toString().trim()).toBe(uri)
    },
  )

  it('that is too narrow for a QR code says so', () => {
    expect(spawnAtTerminal(['otp', 'qr', uri], { columns: 40 })).toMatchObject({
      status: 1,
      out: expect.stringContaining('--png'),
    })
  })
})

/** What a terminal shows, a cell two modules: only colours that were said count, the rest is grey. */
function rasterise(rows: readonly string[]): boolean[][] {
  return rows.flatMap((row) => {
    const cells: [boolean, boolean][] = []
    let known = false
    // eslint-disable-next-line no-control-regex
    for (const [, code, cell] of row.matchAll(/\u001b\[([\d;]*)m|([^\u001b])/gu)) {
      if (code !== undefined) known = code === '30;107'
      else if (known) cells.push([cell === '█' || cell === '▀', cell === '█' || cell === '▄'])
      else if (cell !== '\r') throw new Error(`a cell without colours: ${JSON.stringify(cell)}`)
    }
    return [cells.map(([top]) => top), cells.map(([, bottom]) => bottom)]
  })
}

describe('serve', () => {
  it('prints the link that creates the first account, in twelve lines at most, and no log between', async () => {
    const data = join(temporaryFolder(), 'data')
    const server = startCli(['serve', '--port', '0', '--data', data])
    const [, origin = '', token] = await server.until(
      /(http:\/\/localhost:\d+)\/invitation\?token=([\w-]{43})/,
    )
    expect(token).toHaveLength(43)
    await server.until(/server\.listening/)
    expect(server.out().trimEnd().split('\n').length).toBeLessThanOrEqual(12)
    for (const line of server.err().trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
    expect(server.err()).not.toContain(token)
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(server.err()).toContain('server.stopped')
    const again = startCli(['serve', '--port', '0', '--data', data])
    const [, second] = await again.until(/\/invitation\?token=([\w-]{43})/)
    expect(second).not.toBe(token)
    expect(await again.stop('SIGINT')).toBe(0)
  })

  it('prints no link once there is an account', async () => {
    const data = temporaryFolder()
    spawnCli(['user', 'add', 'ada', '--data', data])
    const server = startCli(['serve', '--port', '0', '--data', data])
    await server.until(/is at http/)
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(server.out()).not.toContain('token=')
  })

  it('answers what is in flight before it ends, and takes nothing new', async () => {
    const server = startCli(['serve', '--port', '0', '--data', temporaryFolder()])
    const [, port] = await server.until(/localhost:(\d+)/)
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write(
      'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 23\r\n\r\nusername=a',
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const ended = server.stop('SIGTERM')
    await server.until(/server\.stopping/)
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
    socket.write('&password=xyz')
    expect(await ended).toBe(0)
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
  })

  it('says in one line why it cannot start', async () => {
    const data = temporaryFolder()
    const first = startCli(['serve', '--port', '0', '--data', data])
    const [, port = ''] = await first.until(/localhost:(\d+)/)
    const second = spawnCli(['serve', '--port', port, '--data', data])
    expect(second).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^nightlatch: the port \d+ is taken[^\n]+\n$/),
    })
    await first.stop('SIGTERM')
    expect(spawnCli(['serve', '--data', '/dev/null/nightlatch'])).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^nightlatch: [^\n]+\n$/),
    })
    expect(spawnCli(['serve', '--host', '203.0.113.7', '--data', data])).toMatchObject({
      status: 1,
      err: expect.stringContaining('no such address'),
    })
    expect(spawnCli(['serve', '--host', 'nowhere.invalid', '--data', data])).toMatchObject({
      status: 1,
      err: 'nightlatch: there is no host nowhere.invalid: choose another one with NIGHTLATCH_HOST or --host\n',
    })
  })

  it('has readable log lines on a terminal', () => {
    const data = temporaryFolder()
    const command = `timeout -s TERM 3 '${process.execPath}' '${bin}' serve --port 0 --data '${data}'`
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, NO_COLOR: '1' },
    })
    expect(stdout.toString()).toMatch(/^\d\d:\d\d:\d\d info {2}server\.listening {2}origin=http/m)
    expect(existsSync(join(data, 'nightlatch.db'))).toBe(true)
  })

  it('audit --follow goes on with what happens', async () => {
    const data = temporaryFolder()
    spawnCli(['user', 'add', 'ada', '--data', data])
    const follower = startCli(['audit', '--follow', '--data', data])
    await follower.until(/account\.created/)
    spawnCli(['user', 'disable', 'ada', '--data', data])
    await follower.until(/account\.disabled\tada/)
    expect(await follower.stop('SIGINT')).toBe(0)
    expect(follower.out().match(/account\.created/g)).toHaveLength(1)
  })
})

describe('completion', () => {
  const script = (shell: string) => spawnCli(['completion', shell]).out

  it.each(['bash', 'zsh', 'fish'].filter(hasProgram))('is a script that %s takes', (shell) => {
    const file = join(temporaryFolder(), 'script')
    writeFileSync(file, script(shell))
    expect(spawnSync(shell, ['-n', file])).toMatchObject({ status: 0 })
    expect(readFileSync(file, 'utf8')).toContain('reset-mfa')
  })

  it('completes commands and flags in bash', () => {
    const complete = (...words: string[]) => {
      const command = `${script('bash')}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _nightlatch 2>/dev/null; echo "\${COMPREPLY[@]}"`
      return spawnSync('bash', ['-c', command]).stdout.toString().trim()
    }
    expect(complete('nightlatch', 'us')).toBe('user')
    expect(complete('nightlatch', 'user', 're')).toBe('rescue resync remove reset-mfa')
    expect(complete('nightlatch', 'user', 'add', 'ada', '--pass')).toBe('--password-stdin')
    expect(complete('nightlatch', 'completion', 'f')).toBe('fish')
  })
})
