/**
 * Every bench, one after the other, bounded; prints tables in Markdown. Quote the ratios: they were measured in
 * one run, in turn, on the same machine. `npm run bench -- session-check` runs one; `--quick` makes it shorter, and
 * `--who=nginx,undici` leaves the others out, where the bench knows these.
 */
import { cpus } from 'node:os'
import { readdirSync } from 'node:fs'
import { table } from '../tools/bench/lib/figures.mjs'

const folder = new URL('../tools/bench/', import.meta.url)
const all = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -4))
const words = process.argv.slice(2)
const chosen = words.filter((word) => !word.startsWith('--'))
const who = words.find((word) => word.startsWith('--who='))?.slice('--who='.length)
const options = { isQuick: words.includes('--quick'), who: who?.toLowerCase().split(',') ?? null }
console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`)
for (const name of all.filter((one) => chosen.length === 0 || chosen.includes(one))) {
  const { run } = await import(new URL(`${name}.mjs`, folder))
  for (const result of [await run(options)].flat()) console.log(table(result))
}
