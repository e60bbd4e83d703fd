import { describe, expect, it } from 'vitest'
import { isCommon } from '../../src/crypto/common-passwords.js'

describe('common passwords', () => {
  it.each([
    'password',
    'password1',
    'password123',
    'password1234',
    'qwertyuiop',
    '12345678',
    '00000000',
    'iloveyou',
  ])('count %s among them', (password) => expect(isCommon(password)).toBe(true))

  it.each(['correct horse battery staple', 'x1'.repeat(32), 'k7qm-4xw4-9hd2', '', '#', 'nightlatches'])(
    'do not count %j among them',
    (password) => expect(isCommon(password)).toBe(false),
  )
})
