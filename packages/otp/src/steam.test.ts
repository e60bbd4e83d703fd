import { expect, it } from 'vitest'
import { decodeBase32, prepareKey } from './index.js'
import { steamCode } from './steam.js'

// KeePassXC, tests/TestTotp.cpp, testSteamTotp: codes compared with the ones of Steam's own app.
const secret = '63BEDWCQZKTQWPESARIERL5DTTQFCJTK'

it.each([
  [1511200518, 'FR8RV'],
  [1511200714, '9P3VP'],
])('at %i Steam shows %s', (time, code) => {
  expect(steamCode(secret, time)).toBe(code)
  expect(steamCode(decodeBase32(secret)!, time)).toBe(code)
  expect(steamCode(prepareKey(secret), time)).toBe(code)
})

it('a key prepared for another algorithm is refused', () => {
  expect(() => steamCode(prepareKey(secret, 'SHA256'), 0)).toThrow(/another algorithm/)
})

it('a code has five characters of an alphabet without look-alikes, also when its number is small', () => {
  for (let step = 0; step < 2000; step++)
    expect(steamCode(secret, step * 30)).toMatch(/^[2-9BCDFGHJKMNPQRTVWXY]{5}$/)
})
