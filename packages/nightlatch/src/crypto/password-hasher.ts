import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { PasswordHasher, Urgency } from '../core/accounts/password.js'
import { PasswordThreads, type JobResult, type Job } from './password-threads.js'
import { isWeaker, parsePhcString, todaysSetting, writePhcString, type Argon2Setting } from './phc-string.js'

interface PasswordHasherOptions {
  readonly threads?: number
  /** How many may wait; whoever comes then is told `busy`. */
  readonly longestQueue?: number
  /** Tests use a cheaper one. */
  readonly setting?: Argon2Setting
  readonly script?: URL
  /** Whether this thread has no time left; measured, unless told. */
  isBusy?(): boolean
}

interface ClosablePasswordHasher extends PasswordHasher {
  /** Finishes what is waiting, then ends the threads. */
  close(): Promise<void>
}

const workerScript = new URL('./password-worker.js', import.meta.url)
const mostSecrets = 100

/**
 * argon2id on threads of its own. On the shared thread pool a storm of sign-ins would stop files, DNS and
 * every other user of that pool; on the event loop it would stop everything.
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): ClosablePasswordHasher {
  const setting = options.setting ?? todaysSetting
  const threads = new PasswordThreads({
    threads: options.threads ?? availableParallelism(),
    longestQueue: options.longestQueue ?? 64,
    script: options.script ?? workerScript,
    isBusy: options.isBusy ?? loopWatch(),
  })
  const run = async (job: Job, urgency: Urgency = 'now'): Promise<Done | 'busy'> =>
    valueOf(await threads.run(job, urgency))
  return {
    unknownAccountHash: writePhcString(setting, randomBytes(16), randomBytes(32)),
    needsRenewal(hash) {
      const made = parsePhcString(hash)
      return made !== null && isWeaker(made, setting)
    },
    async hash(password) {
      return expectText(await run({ kind: 'hash', password: password.reveal(), setting }))
    },
    async verify(hash, password) {
      if (parsePhcString(hash) === null) return false
      const answer = await threads.run({ kind: 'verify', password: password.reveal(), hash, setting })
      return answer === 'busy' ? answer : answer.kind === 'done' && answer.value === true
    },
    async hashAll(secrets, salt, urgency = 'now') {
      if (!/^([0-9a-f]{2}){8,64}$/.test(salt)) throw new TypeError('A salt is 8 to 64 bytes in hexadecimal.')
      const plain = secrets.reveal()
      if (plain.length > mostSecrets) throw new RangeError(`At most ${mostSecrets} secrets at a time.`)
      const answer = await run({ kind: 'hash-all', secrets: plain, salt, setting }, urgency)
      if (answer === 'busy' || typeof answer === 'object') return answer
      throw new TypeError('A password thread gave the wrong answer.')
    },
    close: () => threads.close(),
  }
}

/** From this share of the time on in which it is at work, a thread is busy. */
const busyShare = 0.8
const watchMs = 50

/** Whether the event loop of this thread was busy lately. */
function loopWatch(): () => boolean {
  let from = performance.eventLoopUtilization()
  let askedAt = performance.now()
  let isBusy = false
  return () => {
    if (performance.now() - askedAt < watchMs) return isBusy
    const now = performance.eventLoopUtilization()
    isBusy = performance.eventLoopUtilization(now, from).utilization > busyShare
    from = now
    askedAt = performance.now()
    return isBusy
  }
}

type Done = Extract<JobResult, { kind: 'done' }>['value']

function valueOf(answer: JobResult | 'busy'): Done | 'busy' {
  if (answer === 'busy') return answer
  if (answer.kind === 'done') return answer.value
  throw new Error('The argon2 library refused to hash.')
}

function expectText(answer: Done | 'busy'): string {
  if (typeof answer === 'string') return answer
  throw new TypeError('A password thread gave the wrong answer.')
}
