import { accountUri, encodeBase32, type OtpAccount } from '@nightlatch/otp'
import type { CliCommand } from '../../framework/command.js'
import type { CliDeps } from '../../framework/deps.js'
import { Refused } from '../../framework/errors.js'
import { collect, type Collected } from './collect.js'
import { sourcesOf } from './sources.js'
import { print, printable, printJson, tell } from '../../framework/output.js'

export function addOtpRead(otp: CliCommand, deps: CliDeps): void {
  otp
    .command('read <image-or-uri...>')
    .description(
      'Shows the accounts of QR codes (PNG, JPEG, GIF, BMP, or the SVG of `otp qr`; a photograph or a screenshot), of ' +
        'otpauth URIs among any lines of text, of a Google Authenticator export in one or several codes, and of the files ' +
        'of authenticator apps, password managers, servers and hardware tokens, encrypted or not. `-` reads standard ' +
        'input. The passphrase of an encrypted file is asked for, or comes by standard input. What is left out is named ' +
        'on standard error.',
    )
    .example(
      'nightlatch otp read screenshot.png',
      'nightlatch otp read export-1.png export-2.png --json',
      'nightlatch otp read - < uri',
      'nightlatch otp read aegis-export.json < passphrase',
    )
    .option('--json', 'Print JSON.')
    .action(async (arguments_: readonly string[], options: { readonly json?: true }) => {
      const collected = await readAll(deps, arguments_)
      if (options.json === true) printJson(deps, asJson(collected))
      else showAll(deps, collected.accounts)
    })
}

/** Everything that the arguments hold; what was left out is told. */
export async function readAll(deps: CliDeps, arguments_: readonly string[]): Promise<Collected> {
  const collected = collect(await sourcesOf(deps, arguments_))
  if (collected.accounts.length === 0) throw new Refused(nothing(collected))
  for (const { message } of collected.leftOut) tell(deps, `${message}.`)
  for (const note of collected.notes) tell(deps, note)
  return collected
}

const mostReasons = 3

function nothing({ leftOut }: Collected): string {
  const reasons = leftOut.slice(0, mostReasons).map(({ message }) => message)
  const more = leftOut.length > mostReasons ? [`and ${leftOut.length - mostReasons} more`] : []
  return `there is no account in it: ${[...reasons, ...more].join('; ') || 'it says nothing'}`
}

const asJson = ({ accounts, leftOut, notes }: Collected): Readonly<Record<string, unknown>> => ({
  accounts: accounts.map(describe),
  leftOut,
  notes,
})

function showAll(deps: CliDeps, accounts: readonly OtpAccount[]): void {
  accounts.forEach((account, index) => {
    if (index > 0) print(deps, '')
    show(deps, account)
  })
}

function describe(account: OtpAccount): Readonly<Record<string, unknown>> {
  const { type, issuer, account: name, secret, algorithm, digits, periodSeconds, counter } = account
  return {
    type,
    issuer,
    account: name,
    secret: encodeBase32(secret),
    algorithm,
    digits,
    ...(type === 'hotp' ? { counter: String(counter ?? 0) } : { period: periodSeconds }),
    uri: accountUri(account),
  }
}

function show(deps: CliDeps, account: OtpAccount): void {
  const { type, algorithm, digits, periodSeconds, counter } = account
  const moving = type === 'hotp' ? `counter ${counter ?? 0}` : `every ${periodSeconds} seconds`
  const lines: readonly (readonly [string, string])[] = [
    ['issuer', account.issuer || '-'],
    ['account', account.account || '-'],
    ['secret', encodeBase32(account.secret)],
    ['codes', `${type.toUpperCase()}, ${digits} digits, ${moving}, ${algorithm}`],
    ['uri', accountUri(account)],
  ]
  for (const [label, text] of lines) print(deps, `${label.padEnd(9)}${printable(text)}`)
}
