/**
 * A loader of modules that lets every function of a built package say that it is entered. Given to Node with
 * `--import`; the process then writes what it saw between two SIGUSR2 into the file TRACE_FILE.
 */
import { writeFileSync } from 'node:fs'
import { register } from 'node:module'

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

register('./loader.mjs', import.meta.url)
