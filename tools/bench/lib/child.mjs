/** A server in a process of its own, whose CPU time can be asked for. */
import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'

/** @returns {Promise<{ ready: any, ask(what: string): Promise<any>, stop(): Promise<void> }>} */
export async function startServer(file, options = {}, execArgv = []) {
  const child = fork(new URL(`../servers/${file}`, import.meta.url), [JSON.stringify(options)], {
    execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const answers = []
  child.on('message', (message) => answers.shift()?.(message))
  const receive = () =>
    new Promise((resolve, reject) => {
      answers.push(resolve)
      child.once('exit', () => reject(new Error(`${file} ended`)))
      child.setMaxListeners(0)
    })
  const ready = await receive()
  const ask = (what) => {
    child.send(what)
    return receive()
  }
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners('exit')
      child.once('exit', () => {
        if (ready.folder !== undefined) rmSync(ready.folder, { recursive: true, force: true })
        resolve()
      })
      child.kill('SIGKILL')
    })
  return { ready, ask, stop }
}

/** What a server's process answers: its CPU time so far, in microseconds, and its resident memory. */
export function answerQuestions(ready, more = {}) {
  process.on('message', async (what) => {
    if (what !== 'usage') {
      process.send(await more[what]())
      return
    }
    const { user, system } = process.cpuUsage()
    process.send({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() })
  })
  process.send(ready)
}
