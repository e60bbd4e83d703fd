import { encodeBase32, generateSecret, Hotp, otpauthUri, Totp, type Algorithm } from '@nightlatch/otp'
import { steamCode } from '@nightlatch/otp/steam'
import { InvalidArgumentError } from 'commander'
import { wholeNumber, type AddCommands, type CliCommand } from './command.js'
import type { CliDeps } from './deps.js'
import { Refused, WrongUsage } from './errors.js'
import { stdinText, textOrStdin } from './input.js'
import { addOtpQr } from './otp-qr.js'
import { addOtpRead } from './otp-read.js'
import { secretOf, type OtpSettings } from './otp-secret.js'
import { isoTime, print, printJson } from './output.js'

export const addOtpCommands: AddCommands = (program, deps) => {
  const otp = program
    .command('otp')
    .description('One-time passwords: make, check, show and read them. No database.')
  otp.example(
    'nightlatch otp secret',
    'nightlatch otp code JBSWY3DPEHPK3PXP',
    'nightlatch otp read screenshot.png',
  )
  addSecret(otp, deps)
  addCode(otp, deps)
  addVerify(otp, deps)
  addUri(otp, deps)
  addOtpQr(otp, deps)
  addOtpRead(otp, deps)
}

function addSecret(otp: CliCommand, deps: CliDeps): void {
  otp
    .command('secret')
    .description('Prints a new random secret in base32.')
    .example('nightlatch otp secret', 'nightlatch otp secret --bytes 32 --hex')
    .option('--bytes <number>', 'Its length, 20 to 1024.', wholeNumber(20, 1024), 20)
    .option('--hex', 'In hexadecimal instead.')
    .option('--json', 'Print JSON.')
    .action((options: { bytes: number; hex?: true; json?: true }) => {
      const bytes = generateSecret({ bytes: options.bytes })
      const [base32, hex] = [encodeBase32(bytes), Buffer.from(bytes).toString('hex')]
      if (options.json === true) printJson(deps, { base32, hex, bytes: bytes.length })
      else print(deps, options.hex === true ? hex : base32)
    })
}

const algorithms: readonly Algorithm[] = ['SHA1', 'SHA256', 'SHA512']

function algorithm(text: string): Algorithm {
  const found = algorithms.find((one) => one === text.toUpperCase().replace('-', ''))
  if (found !== undefined) return found
  throw new InvalidArgumentError('It must be SHA1, SHA256 or SHA512.')
}

/** A counter may have 64 bits (RFC 4226 §5.1). */
function counter(text: string): number | bigint {
  const big = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n
  if (big < 0n || big >= 1n << 64n) throw new InvalidArgumentError('It must be a whole number below 2^64.')
  return big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big
}

/** The largest time that a date can show; codes themselves go further. */
const latestTime = 8_640_000_000_000

const withOtpOptions = (command: CliCommand): CliCommand =>
  command
    .option('--counter <number>', 'A counter: HOTP instead of TOTP.', counter)
    .option('--digits <number>', 'Digits of a code, 6 to 10 (6).', wholeNumber(6, 10))
    .option('--period <seconds>', 'How long a code lives (30).', wholeNumber(1, 86_400))
    .option('--algorithm <name>', 'SHA1, SHA256 or SHA512 (SHA1).', algorithm)

const withTime = (command: CliCommand): CliCommand =>
  withOtpOptions(command.option('--at <unix seconds>', 'Another time than now.', wholeNumber(0, latestTime)))

interface CodeOptions extends Partial<OtpSettings> {
  readonly at?: number
  readonly json?: true
  readonly window?: number
}

function addCode(otp: CliCommand, deps: CliDeps): void {
  const command = otp
    .command('code <secret-or-uri>')
    .description('Prints the code of a secret (base32) or an otpauth URI; `-` reads it from standard input.')
    .example(
      'nightlatch otp code JBSWY3DPEHPK3PXP',
      'pass show totp/example | nightlatch otp code -',
      'nightlatch otp code JBSWY3DPEHPK3PXP --at 1111111109 --digits 8',
    )
  withTime(command)
    .option('--json', 'Print JSON.')
    .action(async (source: string, options: CodeOptions) => {
      const secret = secretOf(await textOrStdin(deps, source), options)
      const { counter: at } = secret
      if (at !== undefined) {
        const code = new Hotp(secret).at(at)
        if (options.json === true) return printJson(deps, { type: 'hotp', code, counter: String(at) })
        return print(deps, code)
      }
      const { type, code, totp } = momentary(secret)
      const now = options.at ?? deps.now()
      const step = totp.stepAt(now)
      const validUntil = isoTime(totp.startOf(step + 1))
      if (options.json === true) printJson(deps, { type, code: code(now), step, validUntil })
      else print(deps, code(now))
    })
}

interface Momentary {
  readonly type: 'totp' | 'steam'
  readonly code: (unixSeconds: number) => string
  readonly totp: Totp
}

/** Codes that go with the time: TOTP, or a TOTP that Steam writes in its own letters. */
function momentary(settings: OtpSettings): Momentary {
  const { secret } = settings
  if (settings.isSteam === true)
    return { type: 'steam', code: (now) => steamCode(secret, now), totp: new Totp({ secret }) }
  const totp = new Totp(settings)
  return { type: 'totp', code: (now) => totp.at(now), totp }
}

function addVerify(otp: CliCommand, deps: CliDeps): void {
  const command = otp
    .command('verify <secret-or-uri> <code>')
    .description('Checks a code: prints the offset in steps that matched, or ends with status 1.')
    .example(
      'nightlatch otp verify JBSWY3DPEHPK3PXP 282760',
      'nightlatch otp verify - 282760 --window 2 < secret',
    )
    .option(
      '--window <steps>',
      'Steps accepted on either side; with a counter, codes ahead.',
      wholeNumber(0, 100),
      1,
    )
  withTime(command)
    .option('--json', 'Print JSON.')
    .action(async (source: string, code: string, options: CodeOptions) => {
      const secret = secretOf(await textOrStdin(deps, source), options)
      const offset = matchedOffset(secret, code, {
        at: options.at ?? deps.now(),
        window: options.window ?? 1,
      })
      if (options.json === true) printJson(deps, { matched: offset !== null, offset })
      else if (offset !== null) print(deps, String(offset))
      if (offset !== null) return
      const where = secret.counter === undefined ? 'this time' : 'this counter'
      throw new Refused(
        `the code does not match this secret at ${where}: check the clock, or allow more with --window`,
        'code-does-not-match',
      )
    })
}

interface When {
  readonly at: number
  readonly window: number
}

function matchedOffset(secret: OtpSettings, code: string, { at, window }: When): number | null {
  if (secret.isSteam === true) return steamOffset(secret, code, { at, window })
  const verdict =
    secret.counter === undefined
      ? new Totp(secret).verify(code, { atSeconds: at, window, afterStep: null })
      : new Hotp(secret).verify(code, { counter: secret.counter, lookAhead: window })
  return verdict.matched ? verdict.offset : null
}

function steamOffset(settings: OtpSettings, typed: string, { at, window }: When): number | null {
  const { code, totp } = momentary(settings)
  const step = totp.stepAt(at)
  for (let offset = window; offset >= -Math.min(window, step); offset -= 1)
    if (code(totp.startOf(step + offset)) === typed.trim().toUpperCase()) return offset
  return null
}

interface UriOptions extends Partial<OtpSettings> {
  readonly issuer: string
  readonly account: string
  readonly json?: true
}

function addUri(otp: CliCommand, deps: CliDeps): void {
  const command = otp
    .command('uri')
    .description('Prints an otpauth URI for an authenticator app, with a new secret unless one is given.')
    .example(
      'nightlatch otp uri --issuer Example --account ada@example.org',
      'nightlatch otp uri --issuer Example --account ada --secret - < secret',
    )
    .requiredOption('--issuer <name>', 'Who asks for the code.')
    .requiredOption('--account <name>', 'Whose code it is.')
    .option('--secret <base32>', 'The secret; `-` reads it from standard input, where nobody else sees it.')
  withOtpOptions(command)
    .option('--json', 'Print JSON.')
    .action(async (options: UriOptions & { readonly secret?: string }) => {
      const { issuer, account, secret: given, ...rest } = options
      const text = given === '-' ? await stdinText(deps) : given
      if (text?.includes(':') === true) throw new WrongUsage('--secret takes a secret in base32, not a URI')
      const { counter: first, ...secret } = secretOf(text ?? encodeBase32(generateSecret()), rest)
      const moving = first === undefined ? {} : { type: 'hotp' as const, counter: first }
      const uri = otpauthUri({ issuer, account, ...secret, ...moving })
      if (options.json === true) printJson(deps, { uri })
      else print(deps, uri)
    })
}
