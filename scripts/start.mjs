/**
 * `npm start`: from a fresh clone to a running server. `npm run demo`: the same on throw-away data with the two
 * accounts of the tutorials, in front of a small application. What follows `--` goes to `nightlatch serve`, or to
 * `nightlatch protect`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, ensureInstalled, fail, root } from './lib/set-up.mjs'

const parent = process.ppid
const isDemo = process.argv[2] === 'demo'
const rest = process.argv.slice(isDemo ? 3 : 2)
process.stderr.write(isDemo ? 'Nightlatch, a demonstration …\n' : 'Nightlatch …\n')

const instructions = `
An application that has no sign-in of its own, behind a password and a second step.
1. Open the address below. Sign in as user1 with password1, or as user2 with password2.
2. Scan the QR code with an authenticator app, or type its key, and enter the code.
3. Save the recovery codes: you are at the application, and it knows who you are.
Ctrl-C ends it and throws all of its data away.
`

ensureInstalled()
ensureBuilt()
// Whoever started this may have given up meanwhile, and a server would be left alone.
if (process.ppid !== parent) process.exit(1)

const given = [...(await flagsThatNpmTook()), ...rest]
// As platforms do it that run programs: theirs is the port, unless ours is set.
// An environment holds texts only: what is not there would be the text "undefined".
if (process.env.PORT !== undefined) process.env.NIGHTLATCH_PORT ??= process.env.PORT

// In this process, so that Ctrl-C and SIGTERM reach the server as they are.
const command = isDemo ? await demo() : ['serve']
process.argv = [process.argv[0], join(root, 'packages/nightlatch/bin/nightlatch.js'), ...command, ...given]
await import(pathToFileURL(process.argv[1]).href)

/** `npm start --port 3100` without the `--`: npm takes the flag for one of its own and leaves its value, or all, to us. */
async function flagsThatNpmTook() {
  const { flagOf, settingNames } = await import('../packages/nightlatch/dist/config/settings.js')
  const flags = settingNames.map(flagOf)
  const taken = flags.flatMap((flag) => {
    const value = process.env[`npm_config_${flag.slice(2).replaceAll('-', '_')}`]
    return value === undefined ? [] : [{ flag, value }]
  })
  const bare = taken.filter(({ value }) => value === 'true')
  if (bare.length > 1 || (bare.length === 1 && (rest[0] === undefined || rest[0].startsWith('-'))))
    fail(
      `npm took the flags for its own: npm ${isDemo ? 'run demo' : 'start'} -- ${bare.map(({ flag }) => `${flag} …`).join(' ')}`,
    )
  return taken.flatMap(({ flag, value }) => [flag, value === 'true' ? rest.shift() : value])
}

/** The application of the demonstration starts here; what stands in front of it is `nightlatch protect`. */
async function demo() {
  const { startDemoApp } = await import('../examples/demo-app/app.mjs')
  const application = await startDemoApp()
  application.unref()
  const data = mkdtempSync(join(tmpdir(), 'nightlatch-demo-'))
  process.on('exit', () => rmSync(data, { recursive: true, force: true }))
  // Whatever is set for a real installation must not get known passwords.
  for (const name of [
    'DATA',
    'DATABASE_URL',
    'SECRET',
    'SECRET_FILE',
    'ORIGIN',
    'BASE_PATH',
    'COOKIE_DOMAIN',
  ])
    Reflect.deleteProperty(process.env, `NIGHTLATCH_${name}`)
  process.stderr.write(`${instructions}\n`)
  return ['protect', application.url, '--data', data, '--unsafe-demo-accounts']
}
