/**
 * One thread that copies SQLite's write-ahead log into the database file, on a connection of its own. Plain JavaScript,
 * because a worker thread is started from a file, also under the test runner.
 * @import { SqliteDriver } from './driver.js'
 */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

const { path, settings, isNodes } = /** @type {{ path: string, settings: string, isNodes: boolean }} */ (
  workerData
)
const name = isNodes ? 'node:sqlite' : '@photostructure/sqlite'

/** A round begins where the one before it ended: soon nothing was written meanwhile, and the log begins anew. */
const mostRounds = 3

/** Below whoever answers; only Linux gives a thread a priority of its own. */
function stepBack() {
  try {
    if (process.platform === 'linux') setPriority(0, 10)
  } catch {
    // Not allowed here: then the threads compete as equals.
  }
}

stepBack()
const { DatabaseSync } = /** @type {SqliteDriver} */ (await import(name))
const handle = new DatabaseSync(path, { timeout: 0 })
handle.exec(settings)
const checkpoint = handle.prepare('PRAGMA wal_checkpoint(PASSIVE)')

function copyLog() {
  for (let round = 0; round < mostRounds; round += 1) {
    const { busy, log, checkpointed } = /** @type {{ busy: number, log: number, checkpointed: number }} */ (
      checkpoint.get()
    )
    if (busy !== 0 || log === checkpointed) return
  }
}

parentPort?.on('message', (/** @type {'copy' | 'close'} */ what) => {
  if (what === 'copy') copyLog()
  if (what === 'copy') parentPort?.postMessage('copied')
  else {
    handle.close()
    parentPort?.close()
  }
})
