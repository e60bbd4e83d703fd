import type { OtpFileEntry } from '@nightlatch/otp/files'
import type { TokenSaid } from '../../../core/factors/totp/tokens/drawer.js'
import { authenticatorOf } from './people.js'

interface TokensRead {
  readonly tokens: readonly TokenSaid[]
  /** For people, on standard error. */
  readonly notes: readonly string[]
}

/** What a maker's file says of its tokens; what has no serial number cannot be told apart in a drawer. */
export function tokensOf(
  entries: readonly Pick<OtpFileEntry, 'account' | 'holder' | 'place'>[],
  before: readonly string[] = [],
): TokensRead {
  const notes = [...before]
  const tokens = entries.flatMap(({ account, holder, place: at }) => {
    const place = Object.entries(at).flat().join(' ')
    const serial = holder?.serial ?? ''
    const taken = serial === '' ? 'it has no serial number' : authenticatorOf(account)
    if (typeof taken === 'string') {
      notes.push(`${place}${serial === '' ? '' : ` (${serial})`} was left out: ${taken}.`)
      return []
    }
    const { secret, algorithm, digits, period, counter } = taken
    const maker = holder?.manufacturer ?? ''
    const drift = holder?.driftSteps ?? 0
    return [{ place, serial, maker, secret, algorithm, digits, period, counter, drift }]
  })
  return { tokens, notes }
}
