import type { PlannedToken, TokenProblem } from '../../core/factors/totp/tokens/drawer.js'
import type { CliDeps } from '../framework/deps.js'
import { printTable } from '../framework/output.js'

const why: Readonly<Record<TokenProblem['why'], string>> = {
  'bad-serial': 'is no serial number',
  'same-serial-twice': 'stands there twice',
  'serial-taken': 'is in the drawer already',
}

export const tokenProblemsInWords = (problems: readonly TokenProblem[]): string =>
  `nothing was imported: ${problems.map((one) => `${one.place}: ${JSON.stringify(one.serial)} ${why[one.why]}`).join('; ')}`

type Described = Pick<PlannedToken, 'serial' | 'maker' | 'algorithm' | 'digits' | 'period' | 'counter'>

/** For scripts: never a secret. */
export const describeToken = (one: Described): Readonly<Record<string, unknown>> => ({
  serial: one.serial,
  maker: one.maker,
  type: one.counter === null ? 'totp' : 'hotp',
  algorithm: one.algorithm,
  digits: one.digits,
  ...(one.counter === null ? { period: one.period } : { counter: one.counter }),
})

export const codesInWords = ({ counter, digits, algorithm, period }: Described): string =>
  [
    counter === null ? 'TOTP' : 'HOTP',
    `${String(digits)} digits`,
    algorithm,
    ...(counter === null ? [`${String(period)} s`] : []),
  ].join(' ')

export const printTokens = (deps: CliDeps, tokens: readonly PlannedToken[]): void =>
  printTable(
    deps,
    ['SERIAL', 'CODES', 'MAKER', 'ACTION'],
    tokens.map((one) => [one.serial, codesInWords(one), one.maker || '-', one.action]),
  )
