/**
 * Every bench, one after the other, bounded; prints tables in Markdown. Quote the ratios: they were measured in
 * one run, in turn, on the same machine. `npm run bench -- session-check` runs one.
 */
import { cpus } from 'node:os'
import { readdirSync } from 'node:fs'
import { table } from '../tools/bench/lib/figures.mjs'

const folder = new URL('../tools/bench/', import.meta.url)
const all = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -4))
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'))
console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`)
for (const name of all.filter((one) => chosen.length === 0 || chosen.includes(one))) {
  const { run } = await import(new URL(`${name}.mjs`, folder))
  for (const result of [await run()].flat()) console.log(table(result))
}
