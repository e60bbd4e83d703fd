import { afterAll, beforeAll, describe, it } from 'vitest'
import { browserJourney } from '../../../../examples/common/behind.test-suite.js'
import { startProtected, type Protected } from '../support/protected.js'
import { patient } from '../support/pace.js'

let app: Protected

beforeAll(async () => {
  app = await startProtected()
})

afterAll(async () => {
  await app.close()
})

describe('a person in a real browser', () => {
  it(
    'signs in through protect and is back at the page first asked for, with its query',
    async () => {
      await app.person('emma')
      await browserJourney({ origin: `http://localhost:${app.port}`, username: 'emma', clock: app.clock })
    },
    patient(60_000),
  )
})
