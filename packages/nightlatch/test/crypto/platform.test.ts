import { describe, expect, it } from 'vitest'
import { nodePlatform } from '../../src/crypto/platform.js'

describe('the real world', () => {
  it('hashes with SHA-256', () => {
    expect(nodePlatform.sha256('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('tells the time in whole seconds', () => {
    expect(Math.abs(nodePlatform.nowSeconds() - Date.now() / 1000)).toBeLessThan(2)
    expect(Number.isInteger(nodePlatform.nowSeconds())).toBe(true)
  })

  it('gives as many random bytes as asked', () => {
    expect(nodePlatform.randomBytes(43)).toHaveLength(43)
    expect(nodePlatform.randomBytes(16)).not.toEqual(nodePlatform.randomBytes(16))
  })

  it.each([
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['EXAMPLE.org', 'example.org'],
    ['no domain', ''],
  ])('turns the domain %s into %j', (domain, ascii) => {
    expect(nodePlatform.domainToAscii(domain)).toBe(ascii)
  })
})
