/**
 * The built server with a quick argon2id, as a process of its own that tests may kill: prints its port, then
 * serves until SIGTERM.
 */
import { openNightlatch } from '../../dist/compose/open.js'
import { readSettings } from '../../dist/config/read.js'
import { serve } from '../../dist/compose/http-server.js'

const read = readSettings({ env: process.env })
if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
const parts = { unsafeArgon2Setting: { memory: 64, passes: 1, lanes: 1 } }
const nightlatch = await openNightlatch(read.settings, parts)
const log = {
  warn: (message) => console.error(message),
  error: (message, _fields, error) => console.error(message, String(error)),
}
const server = await serve(nightlatch, log)
console.log(`port ${String(server.settings.port)}`)
process.once('SIGTERM', async () => {
  console.log('stopping')
  await server.stop(5000)
  await nightlatch.close()
  console.log('stopped')
})
