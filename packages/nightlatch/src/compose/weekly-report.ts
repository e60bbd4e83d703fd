import type { Settings } from '../config/read.js'
import { reportWeek } from '../core/notify/weekly.js'
import { serverFindings } from './findings/server.js'
import type { Nightlatch } from './open.js'

/** For whichever server keeps house: what administrators hear once a week, with what this server finds about itself. */
export const weeklyReport =
  (nightlatch: Nightlatch, settings: Settings): (() => Promise<void>) =>
  async () => {
    await reportWeek(nightlatch.core, () => serverFindings(nightlatch, settings))
  }

/** What is kept, and what is told once a week. */
export const houseOf = (nightlatch: Nightlatch, settings: Settings) => ({
  core: nightlatch.core,
  box: nightlatch.box,
  alsoDue: weeklyReport(nightlatch, settings),
})
