import type { Parsed } from './parsed.js'

/** One setting, described once: the start, the flags, `.env.example` and the reference page read it here. */
export interface Setting<T> {
  readonly variable: `NIGHTLATCH_${string}`
  /** What stands for the value in the help of its flag, or null: a secret has no flag. */
  readonly placeholder: string | null
  readonly help: string
  /** As the reference shows it. */
  readonly shownDefault: string
  /** Something worth copying. */
  readonly example: string
  /** May hold a secret, which then must not come by a flag. */
  readonly secret?: true
  parse(text: string): Parsed<T>
}

export const describe = <T>(setting: Setting<T>): Setting<T> => setting
