import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeCertificate, tlsEnv } from '../support/certificate.js'
import { run, spawnCli, startCli, temporaryFolder } from '../support/cli.js'

/** The names in the certificate that is shown at a port. */
async function shownAt(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function files() {
  const folder = temporaryFolder()
  const [first, second] = ['first', 'second'].map((name) =>
    makeCertificate({ folder, name, host: `${name}.example` }),
  )
  const used = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const put = (one: typeof first, parts: readonly ('cert' | 'key')[] = ['cert', 'key']): void => {
    for (const part of parts) copyFileSync(one![part], used[part])
  }
  put(first)
  return { folder, used, first, second, put }
}

describe('a server with a certificate of its own', () => {
  it('says where it is, and shows a renewed certificate without a restart', async () => {
    const { folder, used, second, put } = files()
    const args = [
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
      '--tls-cert',
      used.cert,
      '--tls-key',
      used.key,
    ]
    const server = startCli(['serve', ...args])
    const [, port = ''] = await server.until(/ is at https:\/\/localhost:(\d+)/)
    expect(await shownAt(Number(port))).toBe('first.example')
    // The link to the first account leads there, too.
    await server.until(new RegExp(`  https://localhost:${port}/`))
    put(second)
    await server.until(/"event":"tls.renewed"/)
    expect(await shownAt(Number(port))).toBe('second.example')
    expect(await server.stop('SIGTERM')).toBe(0)
  })

  it('reads both again at SIGHUP, and goes on with the old pair where the new one does not fit', async () => {
    const { folder, used, first, second, put } = files()
    const server = startCli(
      ['protect', 'http://127.0.0.1:9', '--port', '0', '--data', join(folder, 'data')],
      {
        env: tlsEnv(used),
      },
    )
    const [, port = ''] = await server.until(/ is at https:\/\/localhost:(\d+)/)
    put(second, ['cert'])
    server.signal('SIGHUP')
    await server.until(/"event":"tls.not-renewed"/)
    expect(server.err()).toMatch(/the old certificate goes on: the key is not the key of that certificate/)
    expect(await shownAt(Number(port))).toBe('first.example')
    put(second, ['key'])
    server.signal('SIGHUP')
    await server.until(/"event":"tls.renewed"/)
    expect(await shownAt(Number(port))).toBe('second.example')
    put(first, ['cert'])
    writeFileSync(used.key, '')
    server.signal('SIGHUP')
    await server.until(/the key holds no private key in PEM/)
    expect(await shownAt(Number(port))).toBe('second.example')
    expect(await server.stop('SIGTERM')).toBe(0)
  })

  it('leads from a port of plain http to https, with path and method', async () => {
    const { folder, used } = files()
    const plain = await freePort()
    const server = startCli(['serve', '--port', '0', '--data', join(folder, 'data')], {
      env: { ...tlsEnv(used), NIGHTLATCH_REDIRECT_PORT: String(plain) },
    })
    const [, origin = ''] = await server.until(/ is at (https:\/\/localhost:\d+)/)
    const at = async (path: string): Promise<unknown> => {
      const [answer] = (await once(
        get({ port: plain, host: '127.0.0.1', path, agent: false }),
        'response',
      )) as [IncomingMessage]
      answer.resume()
      return [answer.statusCode, answer.headers.location]
    }
    expect(await at('/login?next=%2Fa')).toEqual([308, `${origin}/login?next=%2Fa`])
    expect(await at('//elsewhere.example/a')).toEqual([308, `${origin}//elsewhere.example/a`])
    expect(await at('http://elsewhere.example/a')).toEqual([308, `${origin}/a`])
    expect(await at('*')).toEqual([308, `${origin}/`])
    expect(await server.stop('SIGTERM')).toBe(0)
  })

  it('does not start with files that cannot be used, and names every problem', () => {
    const { folder, used, second, put } = files()
    put(second, ['key'])
    const args = ['serve', '--port', '0', '--data', join(folder, 'data'), '--mfa', 'perhaps']
    const { status, err } = spawnCli([...args, '--tls-cert', used.cert, '--tls-key', used.key])
    expect(status).toBe(2)
    expect(err.split('\n')).toEqual([
      expect.stringContaining('nightlatch: --mfa: '),
      `nightlatch: NIGHTLATCH_TLS_KEY: ${used.key} is not the key of that certificate.`,
      '',
    ])
  })

  it('warns of a certificate that has ended, and starts', async () => {
    const { folder, used } = files()
    const ended = makeCertificate({ folder, hasEnded: true })
    copyFileSync(ended.cert, used.cert)
    copyFileSync(ended.key, used.key)
    const server = startCli(['serve', '--port', '0', '--data', join(folder, 'data')], { env: tlsEnv(used) })
    await server.until(/ is at https:/)
    expect(server.err()).toMatch(/the certificate ended on .*"event":"tls.certificate"/)
    expect(await server.stop('SIGTERM')).toBe(0)
  })
})

describe('doctor', () => {
  const doctor = async (env: Record<string, string>): Promise<string> => {
    const { out } = await run(['doctor', '--data', join(temporaryFolder(), 'data')], { env })
    return out.split('\n').find((line) => /^\w+ +tls /.test(line)) ?? ''
  }

  it('says until when the certificate is good, and what is wrong with it', async () => {
    const { folder, used, second, put } = files()
    expect(await doctor({})).toBe('')
    expect(await doctor(tlsEnv(used))).toMatch(/^OK +tls +the certificate is good until \d{4}-/)
    const elsewhere = { ...tlsEnv(used), NIGHTLATCH_ORIGIN: 'https://auth.example.org' }
    expect(await doctor(elsewhere)).toMatch(/^WARN +tls +the certificate does not name auth\.example\.org: /)
    const ended = makeCertificate({ folder, hasEnded: true })
    expect(await doctor(tlsEnv(ended))).toMatch(/^WARN +tls +the certificate ended on .*: renew it/)
    chmodSync(used.key, 0o644)
    expect(await doctor(tlsEnv(used))).toMatch(/^WARN +tls +others can read .*key\.pem: chmod go= /)
    put(second, ['cert'])
    expect(await doctor(tlsEnv(used))).toMatch(/^FAIL +tls +NIGHTLATCH_TLS_KEY: .* is not the key of that/)
  })
})
