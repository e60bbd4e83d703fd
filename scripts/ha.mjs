/**
 * High availability, shown: three PostgreSQL nodes under Patroni, three servers behind HAProxy, people who sign in,
 * and one part after the other killed. `npm run ha`, or `npm run ha -- --minutes 2 --seed 7 --logs folder`. Needs
 * Debian's packages, which it installs where it may. Exit status 1 when anything that was acknowledged did not hold.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureBuilt, ensureInstalled, fail } from './lib/set-up.mjs'
import { ensureCluster } from './lib/tools.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    logs: { type: 'string' },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
if (!(minutes > 0 && minutes <= 120)) fail('--minutes is a number up to 120.')
if (!Number.isSafeInteger(seed)) fail('--seed is a whole number.')
ensureInstalled({ forTests: true })
ensureBuilt()
if (!ensureCluster()) process.exit(2)

const { keepLogs, openPlaces } = await import('../tools/ha/places.mjs')
const { run } = await import('../tools/ha/run.mjs')
const { randomFrom } = await import('../tools/ha/random.mjs')
const { brokenPromises, countsTable, outagesTable } = await import('../tools/ha/report.mjs')

console.log(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, seed ${seed}\n`,
)
const places = await openPlaces()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(signal, () => void places.close().then(() => process.exit(130)))
try {
  const { happened, ledger } = await run(places, { minutes, random: randomFrom(seed) })
  console.log(`\n${countsTable(ledger)}\n${outagesTable(happened)}`)
  const broken = brokenPromises(ledger)
  for (const sentence of broken.slice(0, 40)) console.log(sentence)
  process.exitCode = broken.length === 0 ? 0 : 1
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  if (values.logs !== undefined) keepLogs(places.folder, values.logs)
  await places.close()
}
// When it went wrong, people still keep coming.
process.exit()
