/** Something that was looked at, and how to mend it: a line of `nightlatch doctor`, and of the pages. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly text: string
  readonly fix?: string
}

export const ok = (check: string, text: string): Finding => ({ check, state: 'ok', text })
export const warn = (check: string, text: string, fix: string): Finding => ({
  check,
  state: 'warn',
  text,
  fix,
})
export const fail = (check: string, text: string, fix: string): Finding => ({
  check,
  state: 'fail',
  text,
  fix,
})
