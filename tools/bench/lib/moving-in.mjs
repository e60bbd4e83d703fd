/** Files of other systems with as many people as one likes, each with a name, an address, a password and mostly groups and a phone. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { sqliteDriver } from '../../../packages/nightlatch/dist/storage/engine/sqlite/driver.js'

/** What the second factors in Better Auth's database are sealed under. */
export const siteSecret = 'a secret of the bench'

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

/** What Authelia exports into a file of its own. */
const phone = (number) =>
  `  - username: 'person${number}'\n    issuer: 'Authelia'\n    algorithm: 'SHA1'\n    digits: 6\n    period: 30\n    secret: '${text('A', 32)}'\n`

const texts = {
  htpasswd: {
    head: '',
    line: (number) =>
      `person${number}:$2y$10$${String(number).padStart(22, 'a')}${String(number).padStart(31, 'b')}\n`,
    foot: '',
  },
  keycloak: {
    head: '{"realm":"bench","users":[',
    line: (number) => `${number === 0 ? '' : ',\n'}${JSON.stringify(inRealm(number))}`,
    foot: ']}',
  },
  authelia: {
    head: 'users:\n',
    line: (number) =>
      `  person${number}:\n    disabled: false\n    displayname: 'First${number % 977} Last${number % 7919}'\n` +
      `    password: '$argon2id$v=19$m=65536,t=3,p=4$${text('s', 12)}$${text(`${number % 10}`, 33)}'\n` +
      `    email: 'person${number}@example.org'\n    groups:\n      - 'staff'\n      - 'team ${number % 40}'\n`,
    foot: '',
  },
  'authelia-totp': { head: 'totp_configurations:\n', line: phone, foot: '' },
}

export const sources = ['htpasswd', 'keycloak', 'authelia', 'better-auth']

/** @returns {Promise<readonly string[]>} the files of it */
export async function writeSource(file, source, count) {
  if (source === 'better-auth') await writeSite(file, count)
  else await writeText(file, texts[source], count)
  if (source !== 'authelia') return [file]
  await writeText(`${file}-totp`, texts['authelia-totp'], count)
  return [file, `${file}-totp`]
}

async function writeText(file, { head, line, foot }, count) {
  const stream = createWriteStream(file)
  stream.write(head)
  for (let number = 0; number < count; number += 1)
    if (!stream.write(line(number))) await once(stream, 'drain')
  stream.end(foot)
  await once(stream, 'close')
}

const siteTables = `
  CREATE TABLE "user" (id TEXT PRIMARY KEY, name TEXT, email TEXT UNIQUE, "emailVerified" INTEGER, "twoFactorEnabled" INTEGER);
  CREATE TABLE account (id TEXT PRIMARY KEY, "providerId" TEXT, "userId" TEXT REFERENCES "user" (id), password TEXT);
  CREATE TABLE "twoFactor" (id TEXT PRIMARY KEY, secret TEXT, "userId" TEXT REFERENCES "user" (id), verified INTEGER);
  CREATE INDEX account_user ON account ("userId");
  CREATE INDEX "twoFactor_user" ON "twoFactor" ("userId")`

async function writeSite(file, count) {
  const { DatabaseSync } = await sqliteDriver()
  const database = new DatabaseSync(file, { timeout: 0 })
  database.exec(siteTables)
  database.exec('BEGIN')
  const user = database.prepare('INSERT INTO "user" VALUES (?, ?, ?, 1, 1)')
  const account = database.prepare("INSERT INTO account VALUES (?, 'credential', ?, ?)")
  const factor = database.prepare('INSERT INTO "twoFactor" VALUES (?, ?, ?, 1)')
  const secret = sealedPhone()
  for (let number = 0; number < count; number += 1) {
    const id = createHash('sha256').update(String(number)).digest('hex').slice(0, 32)
    user.run(id, `First${number % 977} Last${number % 7919}`, `person${number}@example.org`)
    account.run(`a${id}`, id, `${'5a'.repeat(16)}:${'c7'.repeat(64)}`)
    factor.run(`f${id}`, secret, id)
  }
  database.exec('COMMIT')
  database.close()
}

/** As Better Auth seals it. Everybody's is the same one: opening it takes as long. */
function sealedPhone() {
  const [key, nonce] = [createHash('sha256').update(siteSecret).digest(), new Uint8Array(24).fill(1)]
  const sealed = xchacha20poly1305(new Uint8Array(key), nonce).encrypt(Buffer.from(text('A', 24)))
  return Buffer.concat([nonce, sealed]).toString('hex')
}
