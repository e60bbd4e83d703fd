import { invitationUrl } from '../../compose/links.js'
import * as administration from '../../core/accounts/administration.js'
import { atTheCommandLine } from '../../core/accounts/actor.js'
import type { Account } from '../../core/accounts/account.js'
import { endSessionsOf } from '../../core/accounts/sign-out.js'
import { rescueAccount } from '../../core/accounts/rescue.js'
import { liveSessions } from '../../core/sessions/session-lifetime.js'
import type { Session } from '../../core/sessions/session.js'
import { addAccountCommand } from './account-command.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { isoTime, print, printJson, printTable, tell } from '../framework/output.js'
import { linkSettings } from '../framework/settings-flags.js'
import { byMailHelp, mailedInWords, mustBeMailable } from './by-mail.js'
import { knownSite } from './known-site.js'
import { describeAccount } from './user-show.js'

/** Ways back in for somebody who cannot get in, and what they have open. */
export function addUserAccess(user: CliCommand, deps: CliDeps): void {
  addInvite(user, deps)
  addRescue(user, deps)
  addSessions(user, deps)
}

const closed = ({ username }: Account): Refused =>
  new Refused(
    `${username} is disabled or has ended: nightlatch user enable ${username}, or user edit ${username} --no-expiry`,
    'account-closed',
  )

function addInvite(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'invite',
    description:
      'Prints a new one-time link with which the owner chooses a password; earlier links end, factors and history stay.',
    examples: ['nightlatch user invite ada'],
    settings: linkSettings,
    extend: (command) => command.option('--mail', byMailHelp),
    async run(app, account, { options }) {
      const byMail = options['mail'] === true
      if (byMail) await mustBeMailable(app, account)
      const invited = await administration.inviteAgain(app.core, account, { ...atTheCommandLine, byMail })
      if (invited.kind === 'closed') throw closed(account)
      const url = invitationUrl((await knownSite(app)).settings, invited.token)
      const expiresAt = isoTime(invited.expiresAt)
      if (options['json'] === true)
        printJson(deps, {
          account: describeAccount(account),
          invitation: { url, expiresAt, mailedTo: invited.mailedTo },
        })
      else {
        print(deps, url)
        tell(
          deps,
          `The link chooses a new password for ${account.username}, works once, until ${expiresAt}. ` +
            `The second step stays and is asked for after it.${byMail ? ` ${mailedInWords(invited)}` : ''}`,
        )
      }
      return null
    },
  })
}

function addRescue(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'rescue',
    description:
      'Prints a code that stands in for the second step once, within the hour, behind the password; the factors stay.',
    examples: ['nightlatch user rescue ada'],
    async run(app, account, { options }) {
      const rescued = await rescueAccount(app.core, account)
      if (rescued.kind === 'closed') throw closed(account)
      if (rescued.kind === 'busy')
        throw new Refused('too many passwords are being hashed: try again in a moment')
      if (rescued.kind === 'no-second-factor')
        throw new Refused(
          `${account.username} has no second step: the next sign-in sets it up. For a new password: nightlatch user invite ${account.username}`,
          'no-second-factor',
        )
      const { code } = rescued
      const expiresAt = isoTime(rescued.expiresAt)
      if (options['json'] === true)
        printJson(deps, { account: describeAccount(account), rescue: { code, expiresAt } })
      else {
        print(deps, code)
        tell(
          deps,
          `A recovery code for ${account.username}, good once, until ${expiresAt}; the password is needed as well. ` +
            'Be sure that it is really they who ask.',
        )
      }
      return null
    },
  })
}

const describeSession = (session: Session): Readonly<Record<string, unknown>> => ({
  id: session.id,
  strength: session.strength,
  signedInAt: isoTime(session.signedInAt),
  lastSeenAt: isoTime(session.lastSeenAt),
  expiresAt: isoTime(session.expiresAt),
  address: session.address,
  userAgent: session.userAgent,
})

function addSessions(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'sessions',
    description: 'Lists where an account is signed in; --end signs it out everywhere.',
    examples: ['nightlatch user sessions ada', 'nightlatch user sessions ada --end'],
    extend: (command) =>
      command.option('--end', 'End them all, with sign-ins in progress and remembered devices.'),
    async run(app, account, { options }) {
      const sessions = await liveSessions(app.core, account)
      if (options['end'] === true) {
        const ended = await endSessionsOf(app.core, account)
        if (options['json'] === true) printJson(deps, { account: describeAccount(account), ended })
        else tell(deps, `Ended ${ended} ${ended === 1 ? 'session' : 'sessions'} of ${account.username}.`)
        return null
      }
      if (options['json'] === true) printJson(deps, { sessions: sessions.map(describeSession) })
      else {
        const head = ['LAST SEEN', 'SIGNED IN', 'ADDRESS', 'DEVICE']
        printTable(
          deps,
          head,
          sessions.map((one) => [
            isoTime(one.lastSeenAt),
            isoTime(one.signedInAt),
            one.address,
            one.userAgent,
          ]),
        )
        if (sessions.length === 0) tell(deps, `${account.username} is signed in nowhere.`)
      }
      return null
    },
  })
}
