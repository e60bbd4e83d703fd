import type { OtpAccount } from '@nightlatch/otp'
import { OtpError } from '@nightlatch/otp'
import { writeAegis, writeTwoFas, writeUriList } from '@nightlatch/otp/files'
import { writeMigration } from '@nightlatch/otp/migration'
import type { CliCommand } from '../../framework/command.js'
import type { CliDeps } from '../../framework/deps.js'
import { Refused, WrongUsage } from '../../framework/errors.js'
import { tell } from '../../framework/output.js'
import { writeSecretFile } from '../../framework/secret-file.js'
import { modulesOf } from './qr.js'
import { qrPng } from '../../../shared/qr.js'
import { readAll } from './read.js'

const formats: Readonly<Record<string, (accounts: readonly OtpAccount[]) => string>> = {
  otpauth: writeUriList,
  aegis: writeAegis,
  '2fas': writeTwoFas,
  google: (accounts) =>
    writeMigration(accounts)
      .map((uri) => `${uri}\n`)
      .join(''),
}

interface WriteOptions {
  readonly out: string
}

export function addOtpWrite(otp: CliCommand, deps: CliDeps): void {
  otp
    .command('write <format> <image-or-uri...>')
    .description(
      'Writes accounts for another program: `otpauth`, one URI a line; `aegis` and `2fas`, plain backups; `google`, the ' +
        'export of Google Authenticator, whose QR codes are written for a file that ends in .png, numbered where there ' +
        'are several. Takes whatever `otp read` takes. Nothing is written unless all accounts can be.',
    )
    .example(
      'nightlatch otp write aegis export.2fas --out aegis.json',
      'nightlatch otp write google accounts.txt --out codes.png',
    )
    .option('--out <file>', 'A file that only you can read; `-` is standard output.', '-')
    .action(async (format: string, arguments_: readonly string[], { out }: WriteOptions) => {
      const write = formats[format]
      if (write === undefined || !Object.hasOwn(formats, format))
        throw new WrongUsage(`the format is one of ${Object.keys(formats).join(', ')}`)
      const { accounts } = await readAll(deps, arguments_)
      const text = asRefusal(() => write(accounts))
      if (format === 'google' && /\.png$/i.test(out)) return writeCodes(deps, out, text.trimEnd().split('\n'))
      if (out === '-') return void deps.stdout.write(text)
      writeSecretFile(out, text)
      tell(
        deps,
        `Wrote ${out}. It holds the secrets of ${accounts.length} accounts: delete it when it is read.`,
      )
    })
}

/** What a format cannot say is for the person who asked for it. */
function asRefusal<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (problem) {
    if (problem instanceof OtpError)
      throw new Refused(`one of the accounts cannot be written: ${problem.message}`)
    throw problem
  }
}

function writeCodes(deps: CliDeps, out: string, uris: readonly string[]): void {
  const pictures = uris.map((uri) => qrPng(modulesOf(uri, 'low')))
  pictures.forEach((picture, index) => {
    const file = pictures.length === 1 ? out : out.replace(/\.png$/i, `-${index + 1}$&`)
    writeSecretFile(file, picture)
    tell(deps, `Wrote ${file}. It holds the secrets: delete it when the code is scanned.`)
  })
}
