import type { PlannedPerson } from '../../../core/accounts/import-plan.js'
import type { CliDeps } from '../../framework/deps.js'
import { printTable } from '../../framework/output.js'
import { Rows } from '../../framework/rows.js'

const passwordWords = { kept: 'kept', 'needs-link': 'needs link', unchanged: 'unchanged' } as const

function factorsInWords({ authenticators }: PlannedPerson): string {
  const words = authenticators.map(({ counter, digits, algorithm }) => {
    const unusual = [digits === 6 ? '' : `${digits} digits`, algorithm === 'SHA1' ? '' : algorithm]
    return [counter === null ? 'TOTP' : 'HOTP', ...unusual.filter((one) => one !== '')].join(' ')
  })
  return words.join(', ') || '-'
}

const rowOf = (one: PlannedPerson): readonly string[] => [
  one.account.username,
  passwordWords[one.password],
  factorsInWords(one),
  one.account.groups.join(', ') || '-',
  warningsOf(one).join('; ') || '-',
]

const warningsOf = ({ person, password, warnings }: PlannedPerson): readonly string[] => {
  const isUnread = password === 'needs-link' && person.passwordHash !== null
  return isUnread
    ? warnings.map((one) => (one.startsWith('the password hash') ? `${person.place}: ${one}` : one))
    : warnings
}

const describe = (one: PlannedPerson): Readonly<Record<string, unknown>> => ({
  username: one.account.username,
  place: one.person.place,
  action: one.action,
  password: one.password,
  factors: one.authenticators.map(({ name, issuer, algorithm, digits, period, counter }) => ({
    type: counter === null ? 'totp' : 'hotp',
    name,
    issuer,
    algorithm,
    digits,
    ...(counter === null ? { period } : { counter }),
  })),
  groups: one.account.groups,
  disabled: one.account.disabled,
  warnings: warningsOf(one),
})

const noCounts = {
  people: 0,
  added: 0,
  merged: 0,
  skipped: 0,
  passwordsKept: 0,
  needLink: 0,
  factors: 0,
}

export type ImportCounts = Readonly<typeof noCounts>

const actions = { add: 'added', merge: 'merged', skip: 'skipped' } as const

/** What is told of an import, once it has been carried out. */
export class Report {
  readonly #isJson: boolean
  #counts = { ...noCounts }
  rows = new Rows<unknown>()

  constructor(isJson: boolean) {
    this.#isJson = isJson
  }

  get counts(): ImportCounts {
    return this.#counts
  }

  add(some: readonly PlannedPerson[]): void {
    for (const one of some) {
      this.#count(one)
      this.rows.add(this.#isJson ? describe(one) : rowOf(one))
    }
  }

  printTable(deps: CliDeps): void {
    if (this.rows.count === 0) return
    const rows = this.rows as Iterable<unknown> as Iterable<readonly string[]>
    printTable(deps, ['PERSON', 'PASSWORD', 'FACTORS', 'GROUPS', 'WARNINGS'], rows)
  }

  /** What was told was not so. */
  clear(): void {
    this.remove()
    this.rows = new Rows()
    this.#counts = { ...noCounts }
  }

  remove(): void {
    this.rows.remove()
  }

  #count({ action, password, authenticators }: PlannedPerson): void {
    this.#counts.people += 1
    this.#counts[actions[action]] += 1
    this.#counts.passwordsKept += Number(password === 'kept')
    this.#counts.needLink += Number(password === 'needs-link')
    this.#counts.factors += authenticators.length
  }
}
