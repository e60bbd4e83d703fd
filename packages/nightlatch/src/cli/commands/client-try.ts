import type { Account } from '../../core/accounts/account.js'
import { isInOneOf } from '../../core/accounts/groups.js'
import { authenticationContexts, claimsOf, claimsOfScope } from '../../core/applications/claims.js'
import type { Application } from '../../core/applications/application.js'
import { findApplication } from '../../core/applications/registration.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
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
    .option('--scope <scopes>', 'What the application asks for.', 'openid profile email groups')
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
      const received = receivedBy(application, { account, issuer, scope: options['scope'] as string })
      const mayUse = application.groups === null || isInOneOf(account.groups, application.groups)
      const address = addressFor(application, issuer, options['scope'] as string)
      if (options['json'] === true)
        return printJson(deps, { client: id, user: account.username, mayUse, address, ...received })
      print(deps, JSON.stringify(received.idToken, null, 2))
      tell(deps, `The ID token of ${account.username}, and the same at ${issuer}/oidc/userinfo.`)
      if (!mayUse) tell(deps, `${account.username} is in none of the groups that may use it.`)
      tell(deps, `A sign-in begins at ${address}`)
    }),
  )
}

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

interface Asked {
  readonly account: Account
  readonly issuer: string
  readonly scope: string
}

function receivedBy({ id }: Application, { account, issuer, scope }: Asked) {
  const scopes = scope.split(' ')
  const names = Object.entries(claimsOfScope).flatMap(([one, claims]) =>
    scopes.includes(one) ? (claims as readonly string[]) : [],
  )
  const two = hasSecondFactor(account)
  const all: Record<string, unknown> = {
    ...claimsOf(account),
    acr: two ? authenticationContexts.twoFactors : authenticationContexts.oneFactor,
    amr: two ? ['pwd', 'otp', 'mfa'] : ['pwd'],
    auth_time: 'when the person signed in',
    sid: 'the session',
  }
  const claims = Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]]))
  return { idToken: { iss: issuer, aud: id, ...claims }, userinfo: claims }
}

function addressFor(
  { id, redirectUris: [redirect = ''] }: Application,
  issuer: string,
  scope: string,
): string {
  const query = new URLSearchParams({ response_type: 'code', client_id: id, redirect_uri: redirect, scope })
  return `${issuer}/oidc/authorize?${query.toString()}`
}
