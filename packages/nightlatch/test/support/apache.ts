import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../../examples/common/proxies.mjs'
import type { Registered } from './application.js'
import { until } from './until.js'

const modules = '/usr/lib/apache2/modules'

export const hasApache = existsSync(join(modules, 'mod_auth_openidc.so')) && existsSync('/usr/sbin/apache2')

export interface Apache {
  readonly origin: string
  close(): Promise<void>
}

/** The address that Apache wants people back at. */
export const callbackOf = (port: number): string => `http://localhost:${String(port)}/members/callback`

/** Apache with mod_auth_openidc: `/members/` for whoever is signed in, `/admins/` for the group admins, `/` for everybody. */
export async function startApache(
  port: number,
  given: { readonly issuer: string; readonly client: Registered },
): Promise<Apache> {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-apache-'))
  // Started as root, it reads its pages as somebody else.
  chmodSync(folder, 0o755)
  for (const place of ['', 'members', 'admins']) {
    mkdirSync(join(folder, 'site', place), { recursive: true })
    writeFileSync(
      join(folder, 'site', place, 'index.html'),
      `<title>Apache</title><h1>Here is /${place}</h1>`,
    )
  }
  const file = join(folder, 'apache.conf')
  writeFileSync(file, configurationFor({ folder, port, ...given }))
  const child = spawn('/usr/sbin/apache2', ['-f', file, '-DFOREGROUND'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const origin = `http://localhost:${String(port)}`
  await until(async () => {
    if (child.exitCode !== null) throw new Error(said + readFileSync(join(folder, 'error.log'), 'utf8'))
    return fetch(origin).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  return {
    origin,
    async close() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export { freePort }

interface Place {
  readonly folder: string
  readonly port: number
  readonly issuer: string
  readonly client: Registered
}

const loaded = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'auth_openidc']

const configurationFor = ({ folder, port, issuer, client }: Place): string => `
${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
Listen 127.0.0.1:${String(port)}
ServerName http://localhost:${String(port)}
UseCanonicalName On
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
ServerRoot ${folder}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
ForceType text/html
DirectoryIndex index.html
DocumentRoot ${folder}/site
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
MinSpareThreads 1
MaxSpareThreads 26
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${client.id}
OIDCClientSecret ${client.secret}
OIDCRedirectURI ${callbackOf(port)}
OIDCCryptoPassphrase ${client.secret}
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
<Location /members>
  AuthType openid-connect
  Require valid-user
</Location>
<Location /admins>
  AuthType openid-connect
  Require claim groups:admins
</Location>
`
