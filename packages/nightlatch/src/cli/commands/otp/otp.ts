import {
  algorithmNamed,
  encodeBase32,
  generateSecret,
  Hotp,
  normaliseCode,
  otpauthUri,
  Totp,
  type Algorithm,
} from '@nightlatch/otp'
import { steamCode } from '@nightlatch/otp/steam'
import { InvalidArgumentError } from 'commander'
import { wholeNumber, type AddCommands, type CliCommand } from '../../framework/command.js'
import type { CliDeps } from '../../framework/deps.js'
import { Refused, WrongUsage } from '../../framework/errors.js'
import { stdinText, textOrStdin } from '../../framework/input.js'
import { addOtpQr } from './qr.js'
import { addOtpRead } from './read.js'
import { addOtpWrite } from './write.js'
import { secretOf, type Given, type OtpSettings } from './secret.js'
import { isoTime, print, printJson, tell } from '../../framework/output.js'

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
  addOtpWrite(otp, deps)
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

function algorithm(text: string): Algorithm {
  const found = algorithmNamed(text)
  if (found !== null) return found
  throw new InvalidArgumentError('It must be SHA1, SHA256 or SHA512.')
}

/** A counter may have 64 bits (RFC 4226 §5.1). */
function counter(text: string): number | bigint {
  const big = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n
  if (big < 0n || big >= 1n << 64n) throw new InvalidArgumentError('It must be a whole number below 2^64.')
  return big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big
}

/** The last second of the year 9999. */
const latestTime = 253_402_300_799

function unixSeconds(text: string): number {
  const time = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (time <= latestTime) return time
  throw new InvalidArgumentError(
    time > latestTime
      ? `Times end with the year 9999 (${latestTime}): give seconds, not milliseconds.`
      : `It must be Unix seconds, a whole number from 0 to ${latestTime}.`,
  )
}

const withOtpOptions = (command: CliCommand): CliCommand =>
  command
    .option('--counter <number>', 'A counter: HOTP instead of TOTP.', counter)
    .option('--digits <number>', 'Digits of a code, 6 to 10 (6).', wholeNumber(6, 10))
    .option('--period <seconds>', 'How long a code lives (30).', wholeNumber(1, 86_400))
    .option('--algorithm <name>', 'SHA1, SHA256 or SHA512 (SHA1).', algorithm)
    .option('--hex', 'The secret is hexadecimal; without this flag, where it cannot be base32.')

const withTime = (command: CliCommand): CliCommand =>
  withOtpOptions(command.option('--at <unix seconds>', 'Another time than now.', unixSeconds))

interface CodeOptions extends Given {
  readonly at?: number
  readonly json?: true
  readonly window?: number
}

function addCode(otp: CliCommand, deps: CliDeps): void {
  const command = otp
    .command('code <secret-or-uri>')
    .description(
      'Prints the code of a secret (base32 or hexadecimal) or an otpauth URI; `-` reads it from standard input, where ' +
        'the URI may stand among other lines.',
    )
    .example(
      'nightlatch otp code JBSWY3DPEHPK3PXP',
      'pass show totp/example | nightlatch otp code -',
      'nightlatch otp code JBSWY3DPEHPK3PXP --at 1111111109 --digits 8',
    )
  withTime(command)
    .option('--json', 'Print JSON.')
    .action(async (source: string, options: CodeOptions) => {
      const secret = await secretFrom(deps, source, options)
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
      mustBeInOrder(source, code)
      const secret = await secretFrom(deps, source, options)
      const offset = matchedOffset(secret, code, {
        at: options.at ?? deps.now(),
        window: options.window ?? 1,
      })
      if (options.json === true) printJson(deps, { matched: offset !== null, offset })
      else if (offset !== null) print(deps, String(offset))
      if (offset === null) throw new Refused(mismatch(secret, code), 'code-does-not-match')
    })
}

/** A code where the secret belongs, and something else in the place of the code. */
function mustBeInOrder(source: string, code: string): void {
  const isCode = (text: string): boolean => /^\d{6,8}$/.test(normaliseCode(text))
  if (isCode(source) && !isCode(code) && normaliseCode(code).length > 8)
    throw new WrongUsage('The secret comes first, then the code: nightlatch otp verify SECRET CODE.')
}

/** The true reason: what was typed may be no code at all, and a counter has no clock. */
function mismatch({ digits, counter: at, isSteam }: OtpSettings, code: string): string {
  const typed = normaliseCode(code)
  const isCode = isSteam === true ? /^[2-9B-DF-HJKMNP-RTV-Y]{5}$/i.test(typed) : isCodeOf(typed, digits)
  const what = isSteam === true ? '5 letters and digits' : `${digits} digits`
  if (!isCode) return `this is no code of the secret: its codes have ${what}`
  return at === undefined
    ? 'the code does not match this secret at this time: check the clock, or allow more with --window'
    : 'the code does not match this secret at this counter: allow more codes ahead with --window, or give --counter'
}

const isCodeOf = (typed: string, digits: number): boolean => /^\d+$/.test(typed) && typed.length === digits

async function secretFrom(deps: CliDeps, source: string, given: Given): Promise<OtpSettings> {
  const secret = secretOf(await textOrStdin(deps, source), given)
  for (const note of secret.notes ?? []) tell(deps, note)
  return secret
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
      : new Hotp(secret).verify(code, ahead(secret.counter, window))
  return verdict.matched ? verdict.offset : null
}

const lastCounter = 2n ** 64n - 1n

/** After the last counter there is none to look at. */
function ahead(first: number | bigint, window: number): { counter: bigint; lookAhead: number } {
  const counter = BigInt(first)
  const left = lastCounter - counter
  return { counter, lookAhead: left < BigInt(window) ? Number(left) : window }
}

function steamOffset(settings: OtpSettings, typed: string, { at, window }: When): number | null {
  const { code, totp } = momentary(settings)
  const step = totp.stepAt(at)
  for (let offset = window; offset >= -Math.min(window, step); offset -= 1)
    if (code(totp.startOf(step + offset)) === normaliseCode(typed).toUpperCase()) return offset
  return null
}

interface UriOptions extends Given {
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
      const { counter: first, notes = [], ...secret } = secretOf(text ?? encodeBase32(generateSecret()), rest)
      for (const note of notes) tell(deps, note)
      const moving = first === undefined ? {} : { type: 'hotp' as const, counter: first }
      const uri = otpauthUri({ issuer, account, ...secret, ...moving })
      if (options.json === true) printJson(deps, { uri })
      else print(deps, uri)
    })
}
