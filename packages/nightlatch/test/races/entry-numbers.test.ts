import { expect, it } from 'vitest'
import { enrolledPerson } from '../support/app.js'
import { anotherSession } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startTwoOn } from '../support/kinds.js'

it.each(databases)(
  'set-ups that are begun at once in several browsers, on two servers, have numbers of their own on $name',
  async (kind) => {
    const { here, there, close } = await startTwoOn(kind)
    try {
      const ada = await enrolledPerson(here, 'ada')
      const browsers = [ada.browser]
      while (browsers.length < 6) browsers.push(await anotherSession(here, ada))
      const at = browsers.map((browser, index) => {
        const one = (index % 2 === 0 ? here : there).browser()
        for (const [name, value] of browser.cookies) one.cookies.set(name, value)
        return one
      })
      const replies = await Promise.all(at.map((one) => one.json('POST', '/api/v1/authenticators/totp', {})))
      expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(201))
      const labels = replies.map(({ body }) => new URL((JSON.parse(body) as { uri: string }).uri).pathname)
      expect(labels.map((label) => /\((\d+)\)$/.exec(decodeURIComponent(label))?.[1]).sort()).toEqual([
        '2',
        '3',
        '4',
        '5',
        '6',
        '7',
      ])
    } finally {
      await close()
    }
  },
)
