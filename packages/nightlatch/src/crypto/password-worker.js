/**
 * One thread that hashes, one hash at a time. Plain JavaScript, because a worker thread is started from a file,
 * also under the test runner.
 * @import { Job, JobResult } from './password-threads.js'
 */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashRawSync, hashSync, verifySync } from '@node-rs/argon2'

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

/** @param {Job} job */
function work(job) {
  const { memory: memoryCost, passes: timeCost, lanes: parallelism } = job.setting
  const options = { algorithm: argon2id, memoryCost, timeCost, parallelism, outputLen: 32 }
  switch (job.kind) {
    case 'hash':
      return hashSync(job.password, options)
    case 'verify':
      return verifySync(job.hash, job.password)
    case 'hash-all': {
      const salt = Buffer.from(job.salt, 'hex')
      return job.secrets.map((secret) => hashRawSync(secret, { ...options, salt }).toString('hex'))
    }
  }
}

/**
 * @param {Job} job
 * @returns {JobResult}
 */
function answer(job) {
  try {
    return { kind: 'done', value: work(job) }
  } catch {
    return { kind: 'failed' }
  }
}

stepBack()
parentPort?.on('message', (job) => parentPort?.postMessage(answer(job)))
