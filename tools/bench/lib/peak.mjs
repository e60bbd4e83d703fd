/** Loaded with `--import`: says at the end how much of the machine's memory the process had at most. */
import { writeFileSync } from 'node:fs'

const file = process.env.BENCH_PEAK_FILE
if (file !== undefined)
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS / 1024)))
