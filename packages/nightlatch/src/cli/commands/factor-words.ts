import type { FactorKind, FactorItem } from '../../core/factors/factor.js'
import { factorKinds } from '../../core/factors/factor.js'
import type { OwnFactors } from '../../core/factors/registry.js'
import { allFactors, countOf } from '../../core/factors/registry.js'
import { timeOrNull } from '../framework/output.js'

/** What the operator reads of a factor. */
interface OperatorWords {
  /** "2 authenticators" that were removed; null: goes without saying. */
  readonly removed: ((count: number) => string) | null
  /** What the closing after a restore calls them, and what became of them. */
  readonly restored: readonly [what: string, fate: string]
  /** One without a name. */
  readonly unnamed: string
}

export const operatorWords: Readonly<Record<FactorKind, OperatorWords>> = {
  totp: {
    removed: (count) => (count === 1 ? '1 authenticator' : `${count} authenticators`),
    restored: ['authenticators', 'take only codes from the next minute on'],
    unnamed: 'an authenticator app',
  },
  passkey: {
    removed: (count) => (count === 1 ? '1 passkey' : `${count} passkeys`),
    restored: ['passkeys', 'left as they are: one that was removed since the backup is back'],
    unnamed: 'a passkey',
  },
  'recovery-code': { removed: null, restored: ['recovery codes', 'withdrawn'], unnamed: 'a recovery code' },
}

/** "Removed 1 authenticator": those there were any of, or the first kind. */
export function removedInWords(removed: Readonly<Record<FactorKind, number>>): string {
  const said = factorKinds.flatMap((kind) => {
    const words = operatorWords[kind].removed
    return words === null ? [] : [{ count: removed[kind], text: words(removed[kind]) }]
  })
  const some = said.filter(({ count }) => count > 0)
  return (some.length === 0 ? said.slice(0, 1) : some).map(({ text }) => text).join(' and ')
}

/** For scripts: `authenticators`, how many there are. */
export const countsForScripts = (account: Parameters<typeof countOf>[0]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    allFactors.flatMap(({ kind, role, many }) =>
      role === 'second-factor' ? [[many, countOf(account, kind)]] : [],
    ),
  )

type Facts = Readonly<Record<string, unknown>>

/** For scripts: `authenticatorList` with each one and what more is known of it by its id, and `recoveryCodesLeft`. */
export const listsForScripts = (
  { items, counts }: OwnFactors,
  more: ReadonlyMap<string, Facts> = new Map(),
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    allFactors.map(({ kind, role, one, many }) =>
      role === 'fallback'
        ? [`${many}Left`, counts[kind]]
        : [
            `${one}List`,
            items
              .filter((item) => item.kind === kind)
              .map((item) => ({ ...describeItem(item), ...more.get(item.id) })),
          ],
    ),
  )

const describeItem = ({ name, createdAt, lastUsedAt }: FactorItem): Readonly<Record<string, unknown>> => ({
  name,
  createdAt: timeOrNull(createdAt),
  lastUsedAt: timeOrNull(lastUsedAt),
})
