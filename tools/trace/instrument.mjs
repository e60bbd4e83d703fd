/**
 * A loader of modules that lets every function of a built package say that it is entered. Given to Node with
 * `--import`; the process then writes what it saw between two SIGUSR2 into the file TRACE_FILE.
 */
import { writeFileSync } from 'node:fs'
import { register, syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'

const entered = []
let isOn = false
globalThis.__entered = (file, name) => {
  if (isOn) entered.push([file, name])
}

process.on('SIGUSR2', () => {
  if (isOn) writeFileSync(process.env.TRACE_FILE, JSON.stringify(entered.splice(0)))
  isOn = !isOn
  process.stderr.write(`trace ${isOn ? 'on' : 'off'}\n`)
})

/** What a server does by itself now and then waits until nobody looks: it is not the request's. */
const unseen = (then) =>
  function wait(...given) {
    if (isOn) set(wait, 20, ...given)
    else then(...given)
  }
const set = globalThis.setTimeout
for (const name of ['setTimeout', 'setInterval']) {
  const original = globalThis[name]
  globalThis[name] = (then, ...rest) => original(unseen(then), ...rest)
}
const sleep = timers.setTimeout
timers.setTimeout = async (...given) => {
  const value = await sleep(...given)
  while (isOn) await sleep(20)
  return value
}
syncBuiltinESMExports()

register('./loader.mjs', import.meta.url)
