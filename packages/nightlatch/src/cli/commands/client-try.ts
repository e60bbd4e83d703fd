import type { Account } from '../../core/accounts/account.js'
import { receivedBy, usualScope } from '../../core/applications/received.js'
import { findApplication } from '../../core/applications/registration.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { print, printJson, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'
import type { Options } from './account-command.js'
import { find, onDatabase } from './account-command.js'
import { knownSite } from './known-site.js'

/** Exactly what an application will receive, without a sign-in. */
export function addTry(client: CliCommand, deps: CliDeps): void {
  const command = client
    .command('try <id>')
    .description(
      'Shows exactly what an application will receive of a person, and whether that person may use it.',
    )
    .example(
      'nightlatch client try grafana --user ada',
      'nightlatch client try grafana --user ada --scope openid',
    )
    .option('--user <name>', 'Of whom; the first account unless told.')
    .option('--scope <scopes>', 'What the application asks for.', usualScope)
    .option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action((id: string, options: Options) =>
    onDatabase(deps, options, async (app) => {
      const application = await findApplication(app.core, id)
      if (application === null)
        throw new Refused(
          `there is no client ${JSON.stringify(id)}: nightlatch client list shows them all`,
          'no-such-client',
        )
      const account = await personOf(app, options['user'] as string | undefined)
      const issuer = await issuerOf(app)
      const scope = options['scope'] as string
      const now = app.core.platform.nowSeconds()
      const { refusal, address, ...received } = receivedBy(application, { account, issuer, scope, now })
      const mayUse = refusal === null
      if (options['json'] === true)
        return printJson(deps, { client: id, user: account.username, mayUse, address, ...received })
      print(deps, JSON.stringify(received.idToken, null, 2))
      tell(deps, `The ID token of ${account.username}, and the same at ${issuer}/oidc/userinfo.`)
      if (refusal !== null) tell(deps, `${account.username} ${refused[refusal]}`)
      tell(deps, `A sign-in begins at ${address}`)
    }),
  )
}

const refused = {
  'account-closed': 'is told to nobody: the account is disabled, or has ended.',
  'not-in-group': 'is in none of the groups that may use it.',
} as const

async function personOf(app: Nightlatch, name: string | undefined): Promise<Account> {
  if (name !== undefined) return find(app, name)
  const [first] = await app.core.queries.accounts.list()
  if (first === undefined) throw new Refused('there is no account yet: nightlatch user add NAME makes one')
  return first
}

async function issuerOf(app: Nightlatch): Promise<string> {
  const { origin, basePath } = (await knownSite(app)).settings
  return origin + basePath
}
