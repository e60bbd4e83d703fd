/** Loaded with `--import`: says at the end how much memory the process had at most, and how long it computed. */
import { writeFileSync } from 'node:fs'

const file = process.env.BENCH_PEAK_FILE
if (file !== undefined)
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    const usage = { peakMiB: maxRSS / 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }
    writeFileSync(file, JSON.stringify(usage))
  })
