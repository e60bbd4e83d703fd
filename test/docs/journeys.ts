import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lendPackages } from '../../examples/common/compile.js'
import { isInstalled, type ProxyName } from '../../examples/common/proxies.mjs'
import { startDemoApp } from '../../examples/demo-app/app.mjs'
import { Browser } from '../../packages/nightlatch/test/support/browser.js'
import { run } from '../../packages/nightlatch/test/support/cli.js'
import { startMailServer } from '../../packages/nightlatch/test/support/mail-server.js'
import { asSuperuser } from '../../packages/nightlatch/test/support/databases.js'
import { postgresBinaries, postgresUrl } from '../../packages/nightlatch/test/support/postgres-server.js'
import { Person } from '../../packages/nightlatch/test/support/person.js'
import { root } from './blocks.js'
import { expectSaid, type Page } from './page.js'
import { freshFolderWith, type Terminal } from './terminal.js'

/** What a reader does between the blocks of a page; the blocks that are left run afterwards. */
type Journey = (page: Page) => Promise<void>

const password = 'a long enough passphrase'
const linkIn = (terminal: Terminal): Promise<string> => terminal.saying(/http:\S+token=[\w-]{43}/)
const originOf = (terminal: Terminal, port = 3000): string => `http://localhost:${terminal.port(port)}`

/** Pages that speak of an account that is there already, as NAME. */
const withAccount: Journey = async ({ terminal }) => {
  await terminal.run(`echo '${password}' | npx nightlatch user add ada --password-stdin`)
  terminal.instead.set('NAME', 'ada')
}

/** An account with its phone, on a server that runs in the page's terminal. */
async function enrolled(terminal: Terminal): Promise<Person> {
  await terminal.run('npx nightlatch user add ada')
  const link = await linkIn(terminal)
  terminal.instead.set('NAME', 'ada')
  await terminal.run('npx nightlatch serve')
  const ada = new Person(originOf(terminal), { base: '', username: 'ada', password })
  expect((await ada.accept(link)).status).toBe(303)
  return ada
}

const reset: Journey = async (page) => {
  const ada = await enrolled(page.terminal)
  await page.runThrough('user reset-mfa')
  expect((await ada.get('/')).status).toBe(303)
  expect((await ada.password()).location).toBe('/mfa/setup')
}

/** The repository's examples, to be run as the page says, with data in the page's own folder. */
function withExamples({ terminal }: Page): void {
  symlinkSync(join(root, 'examples'), join(terminal.folder, 'examples'), 'dir')
  const ports = [8080, 3000, 5000].map((port) => terminal.port(port))
  terminal.env = { ...terminal.env, PORTS: ports.join(',') }
}

const behind =
  (name: ProxyName): Journey =>
  async (page) => {
    withExamples(page)
    if (!isInstalled(name)) {
      page.take('start.mjs')
      if (page.file.startsWith('examples/')) return
      page.take('doctor --url')
      page.take('a forged Remote-User')
      return
    }
    if (page.file.startsWith('examples/')) {
      page.terminal.instead.set('node start.mjs', `node examples/behind-${name}/start.mjs`)
      await page.runThrough('start.mjs')
    } else await page.runThrough('doctor --url')
    const visitor = new Browser(originOf(page.terminal, 8080).replace('localhost', '127.0.0.1'))
    const host = `localhost:${page.terminal.port(8080)}`
    const shown = await visitor.get('/', { accept: 'text/html', host })
    expect(shown.location).toContain('/auth/login')
    await page.terminal.endAll()
  }

let packs = ''
/** Both packages as files, as a reader packs them in a clone. */
function packed(): string {
  if (packs !== '') return packs
  packs = mkdtempSync(join(tmpdir(), 'nightlatch-packs-'))
  const workspaces = ['--workspace', 'packages/otp', '--workspace', 'packages/nightlatch']
  const done = spawnSync('npm', ['pack', ...workspaces, '--pack-destination', packs], { cwd: root })
  if (done.status !== 0) throw new Error(done.stderr.toString())
  return packs
}

const framework: Journey = async (page) => {
  const { terminal } = page
  for (const example of ['users.ts', 'second-factor-only.ts'])
    cpSync(join(root, 'examples/express', example), join(terminal.folder, example))
  terminal.instead.set('/path/to/nightlatch/', `${packed()}/`)
  await page.runThrough('user add')
  const ada = new Person(originOf(terminal), { base: '/auth', username: 'ada', password })
  expect((await ada.get('/private')).status).toBe(303)
  await ada.accept(await linkIn(terminal))
  expect((await ada.get('/private')).body).toBe('Hello ada')
  await ada.signOut()
  expect((await ada.get('/private')).status).toBe(303)
}

interface NewDatabase {
  readonly name: string
  readonly url: string
}

/** A real PostgreSQL for the commands of the terminal; databases that were named are gone afterwards. */
async function withPostgres(
  terminal: Terminal,
  work: (database: (purpose: string) => NewDatabase) => Promise<void>,
): Promise<void> {
  const server = new URL(await postgresUrl())
  const { hostname, port, username, password: secret } = server
  const names: string[] = []
  terminal.env = {
    ...terminal.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PATH: [join(terminal.folder, '.programs'), postgresBinaries(), process.env['PATH'] ?? ''].join(':'),
    ...(secret === '' ? {} : { PGPASSWORD: secret }),
  }
  try {
    await work((purpose) => {
      const name = `docs_${purpose}_${process.pid}_${randomBytes(4).toString('hex')}`
      names.push(name)
      return { name, url: new URL(`/${name}`, server).href }
    })
  } finally {
    await terminal.endServers()
    for (const name of names) await asSuperuser(null, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`])
    for (const name of names) await asSuperuser(null, [`DROP ROLE IF EXISTS ${name}`])
  }
}

/** Every command of the reference alone, on a database with one account; its usage is what `--help` says. */
const commandLine: Journey = async (page) => {
  const { terminal } = page
  await withAccount(page)
  await terminal.run('nightlatch user edit ada --add-group admins,guests')
  const callback = 'https://grafana.example.org/login/generic_oauth'
  await terminal.run(`nightlatch client add Grafana --id grafana --redirect ${callback}`)
  await terminal.run('nightlatch otp uri --issuer Example --account ada > uri')
  await terminal.run('nightlatch otp secret > secret && nightlatch otp qr - --png screenshot.png < uri')
  await terminal.run('cp screenshot.png export-1.png; cp screenshot.png export-2.png; mkdir backups fpath')
  await filesToImport(terminal)
  const { url } = await startMailServer()
  terminal.instead.set(
    'nightlatch mail test',
    `NIGHTLATCH_MAIL_FROM=door@example.org NIGHTLATCH_SMTP_URL=${url} nightlatch mail test`,
  )
  terminal.instead.set('/backups/', `${terminal.folder}/backups/`)
  terminal.instead.set('${fpath[1]}', `${terminal.folder}/fpath`)
  terminal.instead.set('~/.', `${terminal.folder}/.`)
  await terminal.run('mkdir -p .local/share/bash-completion/completions .config/fish/completions')
  await withPostgres(terminal, async (database) => {
    const [one, other] = [database('one'), database('other')]
    await terminal.run(
      `createdb ${one.name} && createdb ${other.name} && echo ${other.url} > file-with-the-address`,
    )
    terminal.instead.set('postgres://nightlatch@db.example.org/nightlatch', one.url)
    terminal.instead.set('/var/lib/nightlatch', `${terminal.folder}/moved`)
    terminal.instead.set(
      'nightlatch move --undo',
      `nightlatch move --to ${terminal.folder}/away && nightlatch move --undo`,
    )
    await everyCommand(page)
  })
}

/** What the examples of `import`, `export` and `otp write` name. */
async function filesToImport(terminal: Terminal): Promise<void> {
  const secret = Buffer.from('GEZDGNBVGY3TQOJQ').toString('base64')
  const files = {
    'users_database.yml': "users:\n  eve:\n    displayname: 'Eve'\n    password: 'unknown'\n",
    'totp.yml': `totp_configurations:\n  - username: 'eve'\n    issuer: A\n    algorithm: SHA1\n    digits: 6\n    period: 30\n    secret: ${secret}\n`,
    '.htpasswd': 'kate:$apr1$b1tterly$zS0Q5p3SO8k7rOhPqFSeD/\n',
    'people.csv': 'ada,ada\n',
    passphrase: 'none is needed\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(terminal.cwd, name), text)
  const tokens = join(root, 'packages/otp/test/files/pskc')
  cpSync(join(tokens, 'plain.pskcxml'), join(terminal.cwd, 'tokens.pskcxml'))
  cpSync(join(tokens, 'tokens.csv'), join(terminal.cwd, 'tokens.csv'))
  await terminal.run(
    'cp uri accounts.txt && nightlatch otp write aegis accounts.txt --out export.json && ' +
      'nightlatch otp write 2fas accounts.txt --out export.2fas && cp export.json aegis-export.json',
  )
}

async function everyCommand(page: Page): Promise<void> {
  const { terminal } = page
  for (;;) {
    const [usage, examples] = [page.takeNext('text'), page.takeNext('sh')]
    if (usage === null || examples === null) break
    const command = /^nightlatch ([a-z -]*[a-z])/.exec(usage.text)?.[1]?.split(' ') ?? []
    const help = await run([...command.filter((word) => word !== 'options'), '--help'])
    expectSaid(usage.text, help.out)
    for (const line of examples.text.trim().split('\n')) await commandAlone(terminal, line)
  }
}

async function commandAlone(terminal: Terminal, line: string): Promise<void> {
  const data = freshFolderWith(terminal.folder, line.includes('user add') ? [] : ['nightlatch-data'])
  terminal.env = { ...terminal.env, NIGHTLATCH_DATA: join(data, 'nightlatch-data') }
  // It says so with its status: the code of the example was right in another second, ada has neither phone nor passkey.
  const refused = [
    'otp verify',
    'doctor --url',
    'user rescue',
    'user resync',
    'passkey remove',
    'invitation withdraw',
    'token assign',
    'token unassign',
    'token remove',
  ].some((one) => line.includes(one))
  const status = refused ? ' || [ $? = 1 ]' : ''
  await terminal.run(line + status)
  await terminal.endAll()
}

const errorCodes: Journey = async (page) => {
  const { terminal } = page
  const ada = await enrolled(terminal)
  const block = page.take('"code"')
  await ada.signOut()
  await ada.password()
  const answer = await ada.browser.json('POST', '/api/v1/sign-in/verify', { otp: '000000' })
  expect(JSON.parse(answer.body)).toMatchObject(JSON.parse(block.text) as object)
}

export const journeys: Record<string, Journey> = {
  'docs/guides/add-an-authenticator.md': async ({ terminal }) => {
    const ada = await enrolled(terminal)
    const other = ada.withAnotherPhone()
    expect((await other.addAuthenticator()).status).toBe(303)
    await ada.signOut()
    expect((await ada.signIn()).location).toBe('/')
    await other.signOut()
    expect((await other.signIn()).location).toBe('/')
  },
  'docs/guides/backup-and-restore.md': async (page) => {
    const { terminal } = page
    await withAccount(page)
    await terminal.run('mkdir -p backups lost && cp -r nightlatch-data lost/')
    terminal.instead.set('/backups/', `${terminal.folder}/backups/`)
    terminal.instead.set('/lost/', `${terminal.folder}/lost/`)
    await page.runThrough('nightlatch backup')
    // Restored, as the page says.
    await terminal.run('npx nightlatch user remove ada --yes')
    await terminal.run('rm -f nightlatch-data/nightlatch.db-*')
    await terminal.run('cp backups/*.db nightlatch-data/nightlatch.db && npx nightlatch user list')
    expect(terminal.said).toContain('ada')
    await withPostgres(terminal, async (database) => {
      const names = { dump: database('source'), restored: database('nightlatch') }
      terminal.env['NIGHTLATCH_DATABASE_URL'] = names.dump.url
      const { name } = names.restored
      terminal.instead.set('=nightlatch ', `=${name} `)
      terminal.instead.set('template0 nightlatch', `template0 ${name}`)
      terminal.instead.set('nightlatch-2026-11-21.dump', 'nightlatch-*.dump')
      await terminal.run(`createuser ${name} && createdb ${names.dump.name} && npx nightlatch user add grace`)
      await page.runThrough('pg_dump')
      terminal.env['NIGHTLATCH_DATABASE_URL'] = names.restored.url
      await page.runThrough('pg_restore')
      await terminal.run('npx nightlatch user list')
      expect(terminal.said).toContain('grace')
      await terminal.run(`psql -At -c "SELECT DISTINCT tableowner FROM pg_tables" ${name}`)
      expect(terminal.said).toContain(name)
      delete terminal.env['NIGHTLATCH_DATABASE_URL']
      await page.runRest()
    })
  },
  'docs/guides/from-one-machine-to-many.md': async (page) => {
    const { terminal } = page
    const ada = await enrolled(terminal)
    await terminal.run('mkdir backups etc')
    terminal.instead.set('/backups/', `${terminal.folder}/backups/`)
    terminal.instead.set('/var/lib/', `${terminal.folder}/`)
    terminal.instead.set('/etc/nightlatch/root-key', `${terminal.folder}/nightlatch-data/root-key`)
    await withPostgres(terminal, async (database) => {
      const { name, url } = database('nightlatch')
      terminal.instead.set('createuser --pwprompt nightlatch', `createuser ${name}`)
      terminal.instead.set('--owner=nightlatch', `--owner=${name}`)
      terminal.instead.set('--template=template0 nightlatch', `--template=template0 ${name}`)
      terminal.instead.set('postgres://nightlatch@db.example.org/nightlatch', url)
      await page.runThrough('npx nightlatch serve')
      // Signed in before the move, and after it.
      expect((await ada.get('/')).status).toBe(200)
      await terminal.endServers()
      terminal.env['NIGHTLATCH_DATABASE_URL'] = url
      await page.runThrough('nightlatch-one').finally(() => delete terminal.env['NIGHTLATCH_DATABASE_URL'])
      await terminal.endServers()
    })
  },
  'docs/guides/behind-a-proxy.md': async (page) => {
    const application = await startDemoApp(page.terminal.port(5000))
    await page.runThrough('COOKIE_DOMAIN')
    await page.runThrough('--rules')
    application.close()
  },
  'docs/guides/bring-users-in.md': async (page) => {
    await page.runThrough('people.csv |')
    expect(page.terminal.said).toMatch(/ada[^]*grace[^]*joan/)
    await page.terminal.run('cat links.jsonl')
    expect(page.terminal.said.match(/"url":"http/g)).toHaveLength(2)
  },
  'docs/guides/code-not-right.md': withAccount,
  'docs/guides/hardware-tokens.md': withAccount,
  'docs/guides/frameworks/express.md': framework,
  'docs/guides/frameworks/fastify.md': framework,
  'docs/guides/frameworks/hono.md': framework,
  'docs/guides/lost-phone.md': reset,
  'docs/guides/passkeys.md': async ({ terminal }) => {
    await enrolled(terminal)
  },
  'docs/guides/proxies/caddy.md': behind('caddy'),
  'docs/guides/proxies/haproxy.md': behind('haproxy'),
  'docs/guides/proxies/nginx.md': behind('nginx'),
  'docs/guides/proxies/traefik.md': behind('traefik'),
  'docs/guides/reset-a-second-step.md': reset,
  'docs/guides/rotate-keys.md': async (page) => {
    const { terminal } = page
    const ada = await enrolled(terminal)
    await page.runThrough('key new')
    await ada.signOut()
    await terminal.endServers()
    await terminal.run('npx nightlatch serve')
    await page.runThrough('key retire')
    expect(terminal.said).toContain('Retired the key')
    await terminal.endServers()
    await terminal.run('npx nightlatch serve')
    expect((await ada.signIn()).location).toBe('/')
    await terminal.run('npx nightlatch doctor')
    expect(terminal.said).toMatch(/^OK +key /m)
  },
  'docs/guides/applications.md': withAccount,
  'docs/guides/forgotten-password.md': withAccount,
  'docs/guides/typed-client.md': async (page) => {
    lendPackages(page.terminal.folder)
    await page.runRest()
    expect(page.terminal.said).toContain('refused: wrong-credentials')
  },
  'docs/reference/log.md': async (page) => {
    const { terminal } = page
    const [, regex = ''] = /^failregex = (.*)$/m.exec(page.take('failregex').text) ?? []
    await terminal.run('npx nightlatch serve')
    const body = new URLSearchParams({ username: 'ada', password: 'a wrong password' })
    await fetch(`${originOf(terminal)}/login`, { method: 'POST', body, redirect: 'manual' })
    const line = await terminal.saying(/.*sign-in\.password-refused.*/)
    expect(new RegExp(regex.replace('<HOST>', '(127\\.0\\.0\\.1)')).test(line)).toBe(true)
  },
  'docs/reference/cli.md': commandLine,
  'docs/reference/errors.md': errorCodes,
  'examples/behind-caddy/README.md': behind('caddy'),
  'examples/behind-haproxy/README.md': behind('haproxy'),
  'examples/behind-nginx/README.md': behind('nginx'),
  'examples/behind-traefik/README.md': behind('traefik'),
  'examples/express-tutorial/README.md': async (page) => {
    withExamples(page)
    await page.runRest()
    const user = new Person(originOf(page.terminal), {
      base: '/auth',
      username: 'user1',
      password: 'password1',
    })
    expect((await user.password({ next: '/' })).location).toBe('/auth/mfa/setup')
    await user.setUp()
    expect((await user.get('/')).body).toContain('Welcome, user1!')
  },
  'examples/flask-tutorial/README.md': async (page) => {
    const { terminal } = page
    if (spawnSync('python3', ['-c', 'import flask']).status !== 0) return void page.take('app.py')
    cpSync(join(root, 'examples/flask-tutorial'), terminal.folder, { recursive: true })
    terminal.env = { PORT: String(terminal.port(5000)), PYTHONDONTWRITEBYTECODE: '1' }
    await page.runRest()
    const ada = new Person(originOf(terminal), { base: '/_nightlatch', username: 'ada', password })
    await ada.accept(await linkIn(terminal))
    expect((await ada.get('/login')).body).toContain('name="username"')
  },
}
