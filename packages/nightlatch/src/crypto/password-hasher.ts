import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { PasswordHasher, Urgency } from '../core/accounts/password.js'
import { dearHash, readKept, readOldHash } from './old-hash.js'
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

export interface ClosablePasswordHasher extends PasswordHasher {
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
  const unknownAccountHash = writePhcString(setting, randomBytes(16), randomBytes(32))
  return {
    unknownAccountHash,
    ...oldHashes(setting, run),
    needsRenewal(hash) {
      if (isOld(hash)) return true
      const made = parsePhcString(hash)
      return made !== null && isWeaker(made, setting)
    },
    async hash(password) {
      return expectText(await run({ kind: 'hash', password: password.reveal(), setting }))
    },
    async verify(hash, password, besides = []) {
      const job = verifying(hash, [unknownAccountHash, ...besides])
      if (job === null) return false
      // What could not be looked at is not wrong: the person would be told so, and pay for it with an attempt.
      const answer = await run({ ...job, password: password.reveal(), setting })
      return answer === 'busy' ? answer : answer === true
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

const isOld = (hash: string): boolean => hash.startsWith('$old$')

/** What a hash was made with, without its salt: the same costs the same. All of ours are one. */
function costOf(hash: string): string {
  const kept = readKept(hash)
  return kept === null ? 'ours' : `${kept.isWrapped ? 'wrapped+' : ''}${kept.settings}`
}

/** What a thread is asked: to look at the hash, and to spend what every other kind of hash here costs. */
function verifying(hash: string, kinds: readonly string[]) {
  if (parsePhcString(hash) === null && !isOld(hash)) return null
  const others = kinds.filter((other) => costOf(other) !== costOf(hash))
  return others.length === 0 && !isOld(hash)
    ? ({ kind: 'verify', hash } as const)
    : ({ kind: 'verify-old', hashes: [hash, ...others] } as const)
}

type Run = (job: Job, urgency?: Urgency) => Promise<Done | 'busy'>

/** What comes from another system. */
function oldHashes(
  setting: Argon2Setting,
  run: Run,
): Pick<
  PasswordHasher,
  'adopt' | 'canAdopt' | 'tooDear' | 'isWeak' | 'isOfNothing' | 'costOf' | 'sameCostAs'
> {
  return {
    canAdopt: (text) => readOldHash(text) !== null,
    tooDear: dearHash,
    isWeak: (text) => readOldHash(text)?.isWeak ?? false,
    async isOfNothing(text) {
      const old = readOldHash(text)
      if (old === null) return false
      const hashes = [`$old$${old.settings}$${old.salt}$${old.digest}`]
      const answer = await run({ kind: 'verify-old', hashes, password: '', setting }, 'later')
      return answer === 'busy' ? answer : answer === true
    },
    async adopt(text) {
      const old = readOldHash(text)
      if (old === null) return null
      const { settings, salt, digest } = old
      if (!old.isWeak) return `$old$${settings}$${salt}$${digest}`
      const wrapped = await run({ kind: 'hash', password: digest, setting }, 'later')
      return wrapped === 'busy' ? wrapped : `$old$wrapped+${settings}$${salt}$${expectText(wrapped)}`
    },
    costOf: (hash) => (isOld(hash) ? costOf(hash) : null),
    sameCostAs(hash) {
      const kept = readKept(hash)
      if (kept === null) return writePhcString(setting, randomBytes(16), randomBytes(32))
      const { isWrapped, settings, salt, rest } = kept
      const other = isWrapped
        ? writePhcString(setting, randomBytes(16), randomBytes(32))
        : randomBytes(rest.length).toString('base64').slice(0, rest.length)
      return `$old$${isWrapped ? 'wrapped+' : ''}${settings}$${salt}$${other}`
    },
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
  throw new Error('A password thread could not hash.')
}

function expectText(answer: Done | 'busy'): string {
  if (typeof answer === 'string') return answer
  throw new TypeError('A password thread gave the wrong answer.')
}
