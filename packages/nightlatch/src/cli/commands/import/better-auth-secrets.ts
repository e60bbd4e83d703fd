import { createHash } from 'node:crypto'
import { Refused } from '../../framework/errors.js'

/** What was encrypted, as the text that it was; null where none of the secrets opens it. */
export type Open = (sealed: string) => string | null

interface Secrets {
  /** Of what says the number of its secret, `$ba$2$…`. */
  readonly numbered: ReadonlyMap<number, string>
  /** Of what says none. */
  readonly plain: string
}

/** The variables of the site: one secret, or several with numbers, `2:newer,1:older`. */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): Secrets {
  const numbered = new Map<number, string>()
  for (const entry of (env['BETTER_AUTH_SECRETS'] ?? '').split(',')) {
    if (entry.trim() === '') continue
    const found = /^\s*(\d{1,9})\s*:\s*(.+?)\s*$/s.exec(entry)
    if (found === null)
      throw new Refused(
        'BETTER_AUTH_SECRETS is a list of numbers and secrets, 2:newer,1:older; nothing was imported',
      )
    numbered.set(Number(found[1]), found[2] ?? '')
  }
  return { numbered, plain: env['BETTER_AUTH_SECRET'] ?? '' }
}

export const hasSecret = ({ numbered, plain }: Secrets): boolean => numbered.size > 0 || plain !== ''

/** `$ba$N$hex`, or the hexadecimal alone: XChaCha20-Poly1305 under SHA-256 of a secret, its nonce first. */
export async function opener({ numbered, plain }: Secrets): Promise<Open> {
  const { xchacha20poly1305 } = await import('@noble/ciphers/chacha.js')
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return (sealed) => {
    const [, number, hex = ''] = /^(?:\$ba\$(\d+)\$)?((?:[\da-f]{2}){40,})$/i.exec(sealed) ?? []
    // A site that has one secret only opens with it whatever has a number, too.
    const secret = (number === undefined ? undefined : numbered.get(Number(number))) ?? plain
    if (hex === '' || secret === '') return null
    const key = new Uint8Array(createHash('sha256').update(secret).digest())
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    try {
      return decoder.decode(xchacha20poly1305(key, bytes.subarray(0, 24)).decrypt(bytes.subarray(24)))
    } catch {
      return null
    }
  }
}
