import { encodeBase32, parseOtpauthUri, type OtpAccount } from '@nightlatch/otp'
import type { CliCommand } from '../../framework/command.js'
import type { CliDeps } from '../../framework/deps.js'
import { Refused } from '../../framework/errors.js'
import { textOrStdin } from '../../framework/input.js'
import { oneUriOf } from './text.js'
import { uriProblem } from './words.js'
import { print, printable, tell } from '../../framework/output.js'
import type { QrModules } from '../../../shared/qr.js'
import { qrModules, qrPng } from '../../../shared/qr.js'
import { qrSvg } from './qr-svg.js'
import { qrTerminal, terminalWidth } from './qr-terminal.js'
import { writeSecretFile } from '../../framework/secret-file.js'

interface QrOptions {
  readonly png?: string
  readonly svg?: string
}

export function addOtpQr(otp: CliCommand, deps: CliDeps): void {
  otp
    .command('qr <uri>')
    .description(
      'Shows the QR code of an otpauth URI in the terminal, or writes it to a file that only you can read.',
    )
    .example(
      'nightlatch otp uri --issuer Example --account ada | nightlatch otp qr -',
      'nightlatch otp qr - --png code.png < uri',
    )
    .option('--png <file>', 'Write a PNG; `-` is standard output.')
    .option('--svg <file>', 'Write an SVG; `-` is standard output.')
    .action(async (source: string, options: QrOptions) => {
      const uri = oneUriOf(await textOrStdin(deps, source)).trim()
      mustBeOtpUri(uri)
      if (options.png !== undefined) write(deps, options.png, qrPng(modulesOf(uri, 'medium')))
      if (options.svg !== undefined) write(deps, options.svg, qrSvg(modulesOf(uri, 'medium')))
      if (options.png === undefined && options.svg === undefined) show(deps, uri)
    })
}

function mustBeOtpUri(uri: string): void {
  if (/^otpauth-migration:\/\//i.test(uri)) return
  const parsed = parseOtpauthUri(uri)
  if (!parsed.parsed) throw new Refused(uriProblem(parsed.why))
}

export function modulesOf(uri: string, ecc: 'low' | 'medium'): QrModules {
  try {
    return qrModules(uri, ecc)
  } catch {
    throw new Refused('the URI is too long for a QR code: shorten the issuer or the account')
  }
}

function write(deps: CliDeps, file: string, content: Uint8Array | string): void {
  if (file === '-') deps.stdout.write(content)
  else {
    writeSecretFile(file, content)
    tell(deps, `Wrote ${file}. It holds the secret: delete it when the code is scanned.`)
  }
}

function show(deps: CliDeps, uri: string): void {
  const modules = modulesOf(uri, 'low')
  const { isTTY, columns } = deps.stdout
  const width = terminalWidth(modules)
  if (isTTY === true && columns !== undefined && columns > 0 && columns < width)
    throw new Refused(
      `the terminal has ${columns} columns and the QR code needs ${width}: widen it, or use --png or --svg`,
    )
  print(deps, qrTerminal(modules))
  const parsed = parseOtpauthUri(uri)
  if (!parsed.parsed) return
  const { issuer, account, secret } = parsed.account
  const key = encodeBase32(secret).replace(/(.{4})(?=.)/g, '$1 ')
  print(deps, `\n${printable([issuer, account].filter((one) => one !== '').join(': '))}\nSetup key: ${key}`)
  const beside = besideTheKey(parsed.account)
  if (beside !== '') print(deps, `To be set besides the key: ${beside}`)
  for (const { message } of parsed.warnings) tell(deps, message)
}

/** What a key alone does not say, where it is not what every app assumes. */
function besideTheKey({ type, algorithm, digits, periodSeconds, counter }: OtpAccount): string {
  if (type === 'steam') return 'the type, Steam'
  return [
    type === 'hotp' ? `the type, HOTP (by counter), and the counter ${counter ?? 0}` : '',
    algorithm === 'SHA1' ? '' : `the algorithm, ${algorithm}`,
    digits === 6 ? '' : `the length, ${digits} digits`,
    type === 'hotp' || periodSeconds === 30 ? '' : `the period, ${periodSeconds} seconds`,
  ]
    .filter((one) => one !== '')
    .join('; ')
}
