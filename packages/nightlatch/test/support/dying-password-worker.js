/** Stands in for the password thread and dies of certain passwords. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parentPort } from 'node:worker_threads'

const once = join(tmpdir(), `nightlatch-dying-${process.pid}`)

parentPort.on('message', ({ password }) => {
  if (password === 'die-always') throw new Error('dead')
  if (password === 'die-once') {
    if (existsSync(once)) rmSync(once)
    else {
      writeFileSync(once, '')
      process.exit(1)
    }
  }
  if (password === 'fail') return parentPort.postMessage({ kind: 'failed' })
  parentPort.postMessage({ kind: 'done', value: `hash of ${password}` })
  if (password === 'die-later') setTimeout(() => process.exit(1), 20)
})
