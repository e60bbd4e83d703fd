/**
 * Ends every process that works in the folder, and removes it, as soon as whoever started this one says so or is
 * gone, however it went: standard input ends in either case.
 */
import { rmSync } from 'node:fs'
import { endAllIn } from './processes.mjs'

const [folder] = process.argv.slice(2)

process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
process.stdin.on('error', () => undefined)
process.stdin.on('close', () => void clean())
process.stdin.resume()

async function clean() {
  await endAllIn(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.exit(0)
}
