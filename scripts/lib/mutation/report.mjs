/** What a draw has shown, in words and numbers. */
import { interval } from './draw.mjs'

const percent = (share) => `${(100 * share).toFixed(1)} %`
const oneLine = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 120)
const print = (text) => void process.stdout.write(`${text}\n`)

/** @returns the status to end with */
export function report({ layer, results, of, seed, promised }) {
  print(`\nWhat survived in ${layer}/:`)
  for (const one of results.filter(({ killed }) => !killed))
    print(
      `  ${one.file}:${one.line} ${one.mutatorName} ${one.by}\n    - ${oneLine(one.original)}\n    + ${oneLine(one.replacement)}`,
    )
  print('')
  for (const file of new Set(results.map((one) => one.file)))
    print(`${rowOf(results.filter((one) => one.file === file))}  ${file}`)
  const [killed, tried] = [results.filter((one) => one.killed).length, results.length]
  const [low, high] = interval(killed, tried)
  const drawn =
    tried < of
      ? `, drawn from ${of} with MUTATION_SEED=${seed}: ${percent(low)} to ${percent(high)} of all (95 %)`
      : ''
  print(`\n${layer}/: ${killed} of ${tried} noticed, ${percent(killed / tried)}${drawn}`)
  return killed / tried >= promised / 100 ? 0 : 1
}

const rowOf = (those) => {
  const killed = those.filter((one) => one.killed).length
  return `${String(killed).padStart(5)} of ${String(those.length).padStart(4)}`
}
