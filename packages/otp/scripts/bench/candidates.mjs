/**
 * Who is measured, and how each is used: the way its own documentation shows. `fresh` starts from the base32 text every
 * time, `reused` has an object or key that was made before, where the candidate has such a thing.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Totp } from '../../dist/index.js'

export const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

function ours({ now, right, wrong }) {
  const totp = new Totp({ secret: SECRET })
  const at = { atSeconds: now }
  return {
    name: '@nightlatch/otp',
    fresh: {
      generate: () => new Totp({ secret: SECRET }).at(now),
      right: () => new Totp({ secret: SECRET }).verify(right, at).matched,
      wrong: () => new Totp({ secret: SECRET }).verify(wrong, at).matched,
    },
    reused: {
      generate: () => totp.at(now),
      right: () => totp.verify(right, at).matched,
      wrong: () => totp.verify(wrong, at).matched,
    },
  }
}

async function otpauth(load, { now, right, wrong }) {
  const { Secret, TOTP } = await load('otpauth')
  const totp = new TOTP({ secret: SECRET })
  const timestamp = now * 1000
  const validate = (otp, token) => otp.validate({ token, timestamp, window: 1 }) !== null
  const fresh = () => new TOTP({ secret: Secret.fromBase32(SECRET) })
  return {
    fresh: {
      generate: () => fresh().generate({ timestamp }),
      right: () => validate(fresh(), right),
      wrong: () => validate(fresh(), wrong),
    },
    reused: {
      generate: () => totp.generate({ timestamp }),
      right: () => validate(totp, right),
      wrong: () => validate(totp, wrong),
    },
  }
}

async function otplib(load, { now, right, wrong }) {
  const { generateSync, verifySync } = await load('otplib')
  const verify = (token) => verifySync({ secret: SECRET, token, epoch: now, epochTolerance: 30 }).valid
  return {
    fresh: {
      generate: () => generateSync({ secret: SECRET, epoch: now }),
      right: () => verify(right),
      wrong: () => verify(wrong),
    },
  }
}

/** It takes no time but the present: the right code is made by itself, for a grace period of one step. */
async function oslo(load, { right }) {
  const { generateTOTP, verifyTOTPWithGracePeriod } = await load('@oslojs/otp')
  const { decodeBase32IgnorePadding } = await load('@oslojs/encoding')
  const kept = decodeBase32IgnorePadding(SECRET)
  const wrong = (code) => (code === '000000' ? '000001' : '000000')
  const verify = (key, token) => verifyTOTPWithGracePeriod(key, 30, 6, token, 30)
  const fresh = () => decodeBase32IgnorePadding(SECRET)
  let present = right
  return {
    beforeRound: () => {
      present = generateTOTP(kept, 30, 6)
    },
    fresh: {
      generate: () => generateTOTP(fresh(), 30, 6),
      right: () => verify(fresh(), present),
      wrong: () => verify(fresh(), wrong(present)),
    },
    reused: {
      generate: () => generateTOTP(kept, 30, 6),
      right: () => verify(kept, present),
      wrong: () => verify(kept, wrong(present)),
    },
  }
}

async function speakeasyPeer(load, { now, right, wrong }) {
  const { default: speakeasy } = await load('speakeasy')
  const options = { secret: SECRET, encoding: 'base32', time: now }
  return {
    fresh: {
      generate: () => speakeasy.totp(options),
      right: () => speakeasy.totp.verify({ ...options, token: right, window: 1 }),
      wrong: () => speakeasy.totp.verify({ ...options, token: wrong, window: 1 }),
    },
  }
}

/** It has no verification, and is asynchronous. */
async function totpGenerator(load, { now }) {
  const { TOTP } = await load('totp-generator')
  return { fresh: { generate: () => TOTP.generate(SECRET, { timestamp: now * 1000 }) }, slow: true }
}

export const peers = {
  otpauth,
  otplib,
  '@oslojs/otp': oslo,
  speakeasy: speakeasyPeer,
  'totp-generator': totpGenerator,
}

/** What the registry has to be asked for. */
export const packages = [
  'otpauth',
  'otplib',
  '@oslojs/otp',
  '@oslojs/encoding',
  'speakeasy',
  'totp-generator',
]

/** Imports packages from a folder they were installed into. */
export function loader(folder) {
  const require = createRequire(join(folder, 'package.json'))
  return (name) => import(pathToFileURL(require.resolve(name)).href)
}

/** Candidates in other languages, each a command that prints its three figures. */
export function foreign(folder) {
  const found = []
  const here = (name) => fileURLToPath(new URL(name, import.meta.url))
  const program = join(folder, 'liboath')
  const compiled = spawnSync('gcc', ['-O2', '-o', program, here('liboath.c'), '-l:liboath.so.0'])
  if (compiled.status === 0 && existsSync(program)) found.push({ name: 'liboath (C)', command: [program] })
  if (spawnSync('python3', ['-c', 'import pyotp']).status === 0) {
    found.push({ name: 'pyotp', command: ['python3', here('pyotp_bench.py')] })
  }
  return found
}

/** The three figures of a foreign candidate. */
export function measureForeign({ command }, { now, right, wrong }, { seconds, mode }) {
  const [file, ...first] = command
  const told = execFileSync(file, [...first, SECRET, String(now), right, wrong, String(seconds), mode])
  const [generate, rightCode, wrongCode] = told.toString().trim().split('\n').map(Number)
  return { generate, right: rightCode, wrong: wrongCode }
}

export { ours }
