import { describe, expect, it } from 'vitest'
import { prepareRecoveryCodes } from '../../src/core/factors/recovery-codes/set-up.js'
import { newRecoveryCodes, parseRecoveryCode } from '../../src/core/factors/recovery-codes/store.js'
import { Secret } from '../../src/core/secret.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { fullHasher, hasher, useHere } from './people.js'

const here = useHere()
const code = '0123456789abcdef'

describe('recovery codes', () => {
  it('are ten of sixteen characters, five random bits each', () => {
    let next = 0
    const counting = {
      randomBytes: (count: number) => Uint8Array.from({ length: count }, () => next++ & 255),
    }
    const codes = newRecoveryCodes(counting, 10).codes.reveal()
    expect(codes).toHaveLength(10)
    expect(codes.slice(0, 3)).toEqual(['0123456789abcdef', 'ghjkmnpqrstvwxyz', '0123456789abcdef'])
    const many = Array.from({ length: 100 }, () => newRecoveryCodes(nodePlatform, 10).codes.reveal()).flat()
    expect(new Set(many).size).toBe(1000)
  })

  it('are shown in four groups of four', () => {
    const { codes, shown } = newRecoveryCodes(nodePlatform, 10)
    expect(shown).toEqual(codes.reveal().map((one) => one.match(/.{4}/g)?.join('-')))
    expect(shown[0]).toMatch(/^\w{4}-\w{4}-\w{4}-\w{4}$/)
  })

  it('are kept as hashes under a salt of 128 bits of their own', async () => {
    const one = await prepareRecoveryCodes(here.core)
    const other = await prepareRecoveryCodes(here.core)
    if (one === 'busy' || other === 'busy') throw new Error('busy')
    expect(one.salt).toMatch(/^[0-9a-f]{32}$/)
    expect(one.salt).not.toBe(other.salt)
    expect(one.shown).toHaveLength(10)
    const plain = new Secret(one.shown.map((shown) => shown.replaceAll('-', '')))
    expect(await hasher.hashAll(plain, one.salt)).toEqual(one.hashes)
    expect(await prepareRecoveryCodes({ ...here.core, passwords: fullHasher })).toBe('busy')
  })

  it('have a salt whose small bytes keep their zeros', async () => {
    const platform = { ...here.core.platform, randomBytes: (count: number) => new Uint8Array(count).fill(7) }
    expect(await prepareRecoveryCodes({ ...here.core, platform })).toMatchObject({ salt: '07'.repeat(16) })
  })
})

describe('a recovery code as typed', () => {
  it.each([
    ['0123456789abcdef', code],
    ['0123-4567-89ab-cdef', code],
    ['0123-4567-89AB-CDEF', code],
    ['0123 4567 89ab cdef', code],
    [' \t0123-4567-89ab-cdef\r\n', code],
    ['0123\u201345 67\u201489ab\u2010cdef', code],
    ['0123\u00a04567\u300089ab cdef', code],
    ['O123-4567-89AB-CDEF', code],
    ['oi23-4567-89ab-cdef', code],
    ['oL23-4567-89ab-cdef', code],
    ['OI23-4567-89ab-cdef', code],
    ['ooii-llOO-IILL-0011', '0011110011110011'],
    ['０１２３-４５６７-８９ａｂ-ｃｄｅｆ', code],
    ['0123\u22124567\u221289ab\u2212cdef', code],
    ['\u200e0123\u200b-4567-89ab-cdef\u2069', code],
    ['\ufeff0123-4567-89ab-cdef', code],
    ['0123\u00ad4567\u200d89ab\u2060cdef', code],
    ['٠١٢٣-٤٥٦٧-٨٩ab-cdef', code],
    ['۰۱۲۳-۴۵۶۷-۸۹ab-cdef', code],
    ['०१२३ ४५६७ ८९ab cdef', code],
    ['ghjk-mnpq-rstv-wxyz', 'ghjkmnpqrstvwxyz'],
    [`${' '.repeat(184)}${code}`, code],
  ])('%j is %s', (typed, plain) => {
    expect(parseRecoveryCode(typed)?.reveal()).toBe(plain)
  })

  it.each([
    [''],
    ['-'],
    ['0123456789abcde'],
    ['0123456789abcdef0'],
    ['u123456789abcdef'],
    ['0123456789abcde.'],
    ['0123_4567_89ab_cdef'],
    ['%'],
    ['123456'],
    ['0123456789abcde\0'],
    ['0123456789abcdé'],
    [`${' '.repeat(185)}${code}`],
    ['0'.repeat(1_000_000)],
  ])('%.30j is none', (typed) => {
    expect(parseRecoveryCode(typed)).toBeNull()
  })
})
