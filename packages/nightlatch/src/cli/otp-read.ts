import { readFileSync, statSync } from 'node:fs'
import { encodeBase32, otpauthUri, parseOtpauthUri, uriLabel, type OtpAccount } from '@nightlatch/otp'
import { joinMigration, readMigration, type MigrationPart } from '@nightlatch/otp/migration'
import type { CliCommand } from './command.js'
import type { CliDeps } from './deps.js'
import { Refused } from './errors.js'
import { uriProblem } from './otp-secret.js'
import { print, printable, printJson, tell } from './output.js'

const largestFile = 64 * 1024 * 1024

export function addOtpRead(otp: CliCommand, deps: CliDeps): void {
  otp
    .command('read <image-or-uri...>')
    .description(
      'Shows the accounts of a QR code (PNG, JPEG, a screenshot), an otpauth URI or a Google Authenticator export; ' +
        'the several codes of one export may come at once. `-` reads standard input.',
    )
    .example(
      'nightlatch otp read screenshot.png',
      'nightlatch otp read export-1.png export-2.png --json',
      'nightlatch otp read - < uri',
    )
    .option('--json', 'Print JSON.')
    .action(async (sources: readonly string[], options: { readonly json?: true }) => {
      const texts: string[] = []
      for (const source of sources) texts.push(...(await textsOf(deps, source)))
      const read = readAll(texts)
      for (const note of new Set(read.notes)) tell(deps, note)
      if (options.json === true) return printJson(deps, { accounts: read.accounts.map(describe) })
      read.accounts.forEach((account, index) => {
        if (index > 0) print(deps, '')
        show(deps, account)
      })
    })
}

/** What stands in an image, or the URIs themselves. */
async function textsOf(deps: CliDeps, source: string): Promise<readonly string[]> {
  if (/^\s*otpauth/i.test(source)) return [source.trim()]
  const bytes = source === '-' ? await deps.stdin.read(largestFile) : readFile(source)
  const text = Buffer.from(bytes.subarray(0, 200_000)).toString('utf8')
  if (/^\s*otpauth/i.test(text)) return text.split(/\s+/).filter((one) => one !== '')
  if (bytes.length < 24) throw new Refused('there is neither an image nor an otpauth URI in it')
  // The readers of images are large, and most commands need none of them.
  const { readQrCodes } = await import('./pixels.js')
  return readQrCodes(bytes)
}

function readFile(file: string): Uint8Array {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined)
    throw new Refused(`there is no file ${JSON.stringify(file)}, and it is no otpauth URI`)
  if (size > largestFile) throw new Refused(`${file} is larger than ${largestFile / 1024 / 1024} MiB`)
  return readFileSync(file)
}

interface ReadAll {
  readonly accounts: readonly OtpAccount[]
  /** For people, on standard error. */
  readonly notes: readonly string[]
}

function readAll(texts: readonly string[]): ReadAll {
  const accounts: OtpAccount[] = []
  const notes: string[] = []
  const parts: MigrationPart[] = []
  for (const text of texts) {
    if (/^otpauth-migration:/i.test(text)) {
      const part = readMigration(text)
      if (!part.parsed)
        throw new Refused(`the export cannot be used (${part.why.replaceAll('-', ' ')}): make it again`)
      parts.push(part)
      continue
    }
    if (!/^otpauth:/i.test(text))
      throw new Refused('the QR code is not one of an authenticator app: it holds no otpauth URI')
    const uri = parseOtpauthUri(text)
    if (!uri.parsed) throw new Refused(uriProblem(uri.why))
    accounts.push(uri.account)
    notes.push(...uri.warnings.map(({ message }) => message))
  }
  const exported = readParts(parts)
  return { accounts: [...accounts, ...exported.accounts], notes: [...notes, ...exported.notes] }
}

/** The codes of one export, joined; what is missing is said, and what is there is shown. */
function readParts(parts: readonly MigrationPart[]): ReadAll {
  if (parts.length === 0) return { accounts: [], notes: [] }
  const notes = parts.flatMap(({ refused, warnings }) => [
    ...refused.map(({ index, why }) => `Entry ${index + 1} was left out: ${why.replaceAll('-', ' ')}.`),
    ...warnings.map(({ message }) => message),
  ])
  const joined = joinMigration(parts)
  if (joined.complete) return { accounts: joined.accounts, notes }
  if (joined.why === 'parts-missing') {
    const which = joined.missing.map((index) => index + 1).join(', ')
    notes.push(`This export has ${parts[0]?.batch.size ?? 0} QR codes; still missing: ${which}.`)
  }
  return { accounts: parts.flatMap(({ accounts }) => accounts), notes }
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
    uri: uriOf(account),
  }
}

/** The account as a URI, or null where it has no name or is of a kind that no URI can say. */
function uriOf(account: OtpAccount): string | null {
  const [name, issuer] = [uriLabel(account.account), uriLabel(account.issuer)]
  if (account.type === 'steam' || (name === '' && issuer === '')) return null
  const { type, counter, ...rest } = account
  const moving = type === 'hotp' ? { type, counter: counter ?? 0 } : {}
  return otpauthUri({ ...rest, ...moving, account: name || issuer, issuer: issuer || name })
}

function show(deps: CliDeps, account: OtpAccount): void {
  const { type, algorithm, digits, periodSeconds, counter } = account
  const moving = type === 'hotp' ? `counter ${counter ?? 0}` : `every ${periodSeconds} seconds`
  const lines: readonly (readonly [string, string])[] = [
    ['issuer', account.issuer || '-'],
    ['account', account.account || '-'],
    ['secret', encodeBase32(account.secret)],
    ['codes', `${type.toUpperCase()}, ${digits} digits, ${moving}, ${algorithm}`],
    ['uri', uriOf(account) ?? '-'],
  ]
  for (const [label, text] of lines) print(deps, `${label.padEnd(9)}${printable(text)}`)
}
