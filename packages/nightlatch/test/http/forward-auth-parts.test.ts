import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identityHeaderNames, identityHeaders } from '../../src/http/forward-auth/identity.js'

const nobody = { username: '', name: '', email: '', groups: [] }

describe('the identity headers', () => {
  it('are always four, and empty where there is nothing to say', () => {
    const empty = { 'remote-user': '', 'remote-name': '', 'remote-email': '', 'remote-groups': '' }
    expect(identityHeaders(null)).toEqual(empty)
    expect(identityHeaders(nobody)).toEqual(empty)
  })

  it('carry plain ASCII as it is', () => {
    const ada = {
      username: 'ada',
      name: 'Ada Lovelace',
      email: 'ada@example.org',
      groups: ['staff', 'admins'],
    }
    expect(identityHeaders(ada)).toEqual({
      'remote-user': 'ada',
      'remote-name': 'Ada Lovelace',
      'remote-email': 'ada@example.org',
      'remote-groups': 'staff,admins',
    })
  })

  it.each([
    ['José', 'Jos\u00c3\u00a9'],
    ['100% Ann', '100% Ann'],
    ['李', '\u00e6\u009d\u008e'],
    ['a\r\nRemote-User: admin', 'a  Remote-User: admin'],
    ['a\u0085b', 'a b'],
    ['\ud800', '\u00ef\u00bf\u00bd'],
  ])('write the name %j in the bytes of UTF-8', (name, written) => {
    expect(identityHeaders({ ...nobody, name })['remote-name']).toBe(written)
  })

  it('keep groups apart, whatever they are called', () => {
    const headers = identityHeaders({ ...nobody, groups: ['a,admins', 'b'] })
    expect(headers['remote-groups']).toBe('a admins,b')
  })

  it('are one line that any binding can send, and tell two user names apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const headers = identityHeaders({ username: text, name: text, email: text, groups: [text] })
        for (const name of identityHeaderNames) {
          expect(() => new Headers({ [name]: headers[name] })).not.toThrow()
          expect(headers[name]).not.toMatch(/[\r\n\0]/)
        }
        const back = Buffer.from(headers['remote-user'], 'latin1').toString('utf8')
        expect(back).toBe(
          text
            .toWellFormed()
            .replace(/\p{Cc}/gu, ' ')
            .trim(),
        )
      }),
    )
  })
})
