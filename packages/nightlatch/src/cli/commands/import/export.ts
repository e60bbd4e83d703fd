import { accountUri, type OtpAccount } from '@nightlatch/otp'
import type { ExportedAccount, ExportedAuthenticator } from '../../../core/accounts/export.js'
import { exportAccounts } from '../../../core/accounts/export.js'
import type { AddCommands } from '../../framework/command.js'
import { WrongUsage } from '../../framework/errors.js'
import { tell } from '../../framework/output.js'
import { writeSecretFile } from '../../framework/secret-file.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../../framework/with-app.js'
import { passwordsLeftBehind, realmOf } from './export-keycloak.js'

interface Options {
  readonly [setting: string]: unknown
  readonly to: string
  readonly out: string
}

type Writer = (all: readonly ExportedAccount[], issuer: string) => string

export const addExportCommand: AddCommands = (program, deps) => {
  const command = program
    .command('export')
    .description(
      'Writes everybody for another system: `otpauth`, a URI for each authenticator app; `csv`, the accounts; `keycloak`, a ' +
        'realm with accounts, passwords and authenticator apps. Mind the file: it holds what signs people in.',
    )
    .example('nightlatch export --to keycloak --out realm.json', 'nightlatch export --to csv')
    .requiredOption('--to <format>', 'otpauth, csv or keycloak.')
    .option('--out <file>', 'A file that only you can read; `-` is standard output.', '-')
  addSettingFlags(command, databaseSettings).action(async (options: Options) => {
    const write = Object.hasOwn(writers, options.to) ? writers[options.to] : undefined
    if (write === undefined) throw new WrongUsage(`--to is one of ${Object.keys(writers).join(', ')}`)
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      async work({ core }) {
        const all = await exportAccounts(core)
        const text = write(all, core.policy.issuer)
        if (options.out === '-') deps.stdout.write(text)
        else writeSecretFile(options.out, text)
        for (const { account, unreadable } of all)
          if (unreadable > 0)
            tell(
              deps,
              `${unreadable} authenticators of ${account.username} are sealed under a key that is not here.`,
            )
        const left = options.to === 'keycloak' ? passwordsLeftBehind(all) : 0
        if (left > 0)
          tell(
            deps,
            `${left} passwords were taken over and not used since: their hashes are none that Keycloak reads.`,
          )
      },
    })
  })
}

const shapeOf = (one: ExportedAuthenticator): Omit<OtpAccount, 'issuer' | 'account'> => ({
  secret: one.secret,
  algorithm: one.algorithm,
  digits: one.digits,
  periodSeconds: one.period,
  strength: 'full',
  ...(one.counter === null ? { type: 'totp' } : { type: 'hotp', counter: one.counter }),
})

const otpauth: Writer = (all, issuer) =>
  all
    .flatMap(({ account, authenticators }) =>
      authenticators.map((one) =>
        accountUri({ ...shapeOf(one), issuer: one.issuer ?? issuer, account: account.username }),
      ),
    )
    .map((uri) => `${uri}\n`)
    .join('')

/** A spreadsheet takes what begins so for a formula. */
const cell = (text: string): string => {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

const csv: Writer = (all) => {
  const head = [
    'username',
    'email',
    'name',
    'groups',
    'admin',
    'disabled',
    'authenticators',
    'email_verified',
  ]
  const rows = all.map(({ account, authenticators }) => [
    account.username,
    account.email,
    account.name,
    account.groups.join(';'),
    String(account.admin),
    String(account.disabled),
    String(authenticators.length),
    String(account.emailVerified),
  ])
  return [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

const writers: Readonly<Record<string, Writer>> = { otpauth, csv, keycloak: realmOf }
