/**
 * Moving in: time and memory of `nightlatch import`, what a dry run of it costs, and what the same people cost once more, who are here
 * then, by how many there are.
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { print, round } from './lib/figures.mjs'
import { startPostgres } from './lib/postgres.mjs'

const sizes = [1000, 10_000, 100_000]
const path = (file) => fileURLToPath(new URL(file, import.meta.url))
const text = (letter, length) => Buffer.alloc(length, letter).toString('base64')

/** With a name, an address, two groups, a password and a phone. */
const inRealm = (number) => ({
  username: `person${number}`,
  firstName: `First${number % 977}`,
  lastName: `Last${number % 7919}`,
  email: `person${number}@example.org`,
  enabled: true,
  groups: ['/staff', `/team ${number % 40}`],
  credentials: [
    {
      type: 'password',
      secretData: JSON.stringify({ value: text(`${number % 10}`, 64), salt: text('s', 16) }),
      credentialData: JSON.stringify({ hashIterations: 210_000, algorithm: 'pbkdf2-sha512' }),
    },
    {
      type: 'otp',
      userLabel: 'phone',
      secretData: JSON.stringify({ value: `secretOf${String(number).padStart(12, '0')}` }),
      credentialData: JSON.stringify({ subType: 'totp', digits: 6, period: 30, algorithm: 'HmacSHA1' }),
    },
  ],
})

const sources = {
  htpasswd: {
    head: '',
    line: (number) =>
      `person${number}:$2y$10$${String(number).padStart(22, 'a')}${String(number).padStart(31, 'b')}\n`,
    foot: () => '',
  },
  keycloak: {
    head: '{"realm":"bench","users":[',
    line: (number) => `${number === 0 ? '' : ',\n'}${JSON.stringify(inRealm(number))}`,
    foot: () => ']}',
  },
  authelia: {
    head: 'users:\n',
    line: (number) =>
      `  person${number}:\n    disabled: false\n    displayname: 'First${number % 977} Last${number % 7919}'\n` +
      `    password: '$argon2id$v=19$m=65536,t=3,p=4$${text('s', 12)}$${text(`${number % 10}`, 33)}'\n` +
      `    email: 'person${number}@example.org'\n    groups:\n      - 'staff'\n      - 'team ${number % 40}'\n`,
    foot: (count) =>
      `totp_configurations:\n${Array.from({ length: count }, (_none, number) => phone(number)).join('')}`,
  },
}

const phone = (number) =>
  `  - username: 'person${number}'\n    issuer: 'Authelia'\n    algorithm: 'SHA1'\n    digits: 6\n    period: 30\n    secret: '${text('A', 32)}'\n`

async function write(file, source, count) {
  const { head, line, foot } = sources[source]
  const stream = createWriteStream(file)
  stream.write(head)
  for (let number = 0; number < count; number += 1)
    if (!stream.write(line(number))) await once(stream, 'drain')
  stream.end(foot(count))
  await once(stream, 'close')
}

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-import-'))
  const postgres = await startPostgres()
  const rows = []
  for (const source of Object.keys(sources))
    for (const count of sizes) {
      const file = join(folder, `${source}-${count}`)
      await write(file, source, count)
      for (const database of postgres === null ? ['SQLite'] : ['SQLite', 'PostgreSQL']) {
        const name = `${source}_${count}`
        if (database === 'PostgreSQL') await postgres.create(name)
        const place = database === 'SQLite' ? {} : { NIGHTLATCH_DATABASE_URL: postgres.url(name) }
        const words = ['import', source, file, '--data', join(folder, `${database}-${name}`)]
        const dry = await time(folder, [...words, '--dry-run'], place)
        const real = await time(folder, words, place)
        const again = await time(folder, [...words, '--on-conflict', 'merge'], place)
        rows.push([source, database, count, round(real.seconds, 1), round(real.peakMiB)])
        rows.at(-1).push(round(dry.seconds, 1), round(dry.peakMiB), round(dry.seconds / real.seconds, 2))
        rows.at(-1).push(round(again.seconds, 1), round(again.peakMiB))
      }
    }
  postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
  return {
    title: 'Moving in',
    columns: [
      'source',
      'database',
      'people',
      's',
      'peak RSS MiB',
      'dry run s',
      'its peak',
      'dry run to import',
      'again s',
      'its peak',
    ],
    rows,
  }
}

async function time(folder, words, place) {
  const peakFile = join(folder, 'peak')
  const began = performance.now()
  const args = [
    '--import',
    path('lib/peak.mjs'),
    path('../../packages/nightlatch/bin/nightlatch.js'),
    ...words,
  ]
  const env = { ...process.env, ...place, BENCH_PEAK_FILE: peakFile, NODE_ENV: 'production' }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.on('data', (chunk) => (told += chunk))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${told.slice(-400)}`)
  return { seconds: (performance.now() - began) / 1000, peakMiB: Number(readFileSync(peakFile, 'utf8')) }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
