/**
 * One thread that hashes, one hash at a time. Plain JavaScript, because a worker thread is started from a file,
 * also under the test runner.
 * @import { Job, JobResult } from './password-threads.js'
 */
import { timingSafeEqual } from 'node:crypto'
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashRawSync, hashSync, verifySync } from '@node-rs/argon2'
import { digestOf, readKept } from './old-hash.js'

const argon2id = 2

/** Below everything else that the server does, so that a storm of sign-ins delays no other request. */
function stepBack() {
  // Only Linux gives a thread a priority of its own; elsewhere this would slow down the whole process.
  if (process.platform !== 'linux') return
  try {
    setPriority(0, 15)
  } catch {
    // Not allowed here: then the threads compete as equals.
  }
}

/**
 * Whether a password is the one of a hash, ours or of another system.
 * @param {string} hash
 * @param {string} password
 */
async function fits(hash, password) {
  const old = readKept(hash)
  if (old === null) return !hash.startsWith('$old$') && verifySync(hash, password)
  const digest = await digestOf({ ...old, password })
  if (old.isWrapped) return verifySync(old.rest, digest)
  const [one, other] = [Buffer.from(digest), Buffer.from(old.rest)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** All of them are looked at, whatever the first says: so the answer costs the same for every name. */
async function fitsFirst(/** @type {readonly string[]} */ hashes, /** @type {string} */ password) {
  const answers = []
  for (const hash of hashes) answers.push(await fits(hash, password))
  return answers[0] === true
}

/** @param {Job} job */
function work(job) {
  const { memory: memoryCost, passes: timeCost, lanes: parallelism } = job.setting
  const options = { algorithm: argon2id, memoryCost, timeCost, parallelism, outputLen: 32 }
  switch (job.kind) {
    case 'hash':
      return hashSync(job.password, options)
    case 'verify':
      return verifySync(job.hash, job.password)
    case 'verify-old':
      return fitsFirst(job.hashes, job.password)
    case 'hash-all': {
      const salt = Buffer.from(job.salt, 'hex')
      return job.secrets.map((secret) => hashRawSync(secret, { ...options, salt }).toString('hex'))
    }
  }
}

/**
 * @param {Job} job
 * @returns {Promise<JobResult>}
 */
async function answer(job) {
  try {
    return { kind: 'done', value: await work(job) }
  } catch {
    return { kind: 'failed' }
  }
}

stepBack()
// One after the other, and in the order in which they came: whoever asks takes the answers by their order.
let last = Promise.resolve()
parentPort?.on('message', (job) => {
  last = last.then(async () => parentPort?.postMessage(await answer(job)))
})
