import { Option } from 'commander'
import { registrationUrl } from '../../compose/links.js'
import { atTheCommandLine } from '../../core/accounts/actor.js'
import type { InvitationId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { InvitationProblem, MadeInvitation } from '../../core/registration/invitations.js'
import { addInvitations, listInvitations, withdrawInvitation } from '../../core/registration/invitations.js'
import type { OpenInvitation } from '../../core/registration/open-invitation.js'
import { whyClosed } from '../../core/registration/open-invitation.js'
import { onDatabase, type Options } from './account-command.js'
import { knownSite } from './known-site.js'
import { groupsOption, momentOption } from './user-edit.js'
import { wholeNumber, type AddCommands, type CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { isoTime, print, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings, linkSettings } from '../framework/settings-flags.js'

export const addInvitationCommands: AddCommands = (program, deps) => {
  const invitation = program
    .command('invitation')
    .description('Links with which people make accounts of their own: add, list, withdraw.')
  invitation.example(
    'nightlatch invitation add --group staff --uses 20 --expires 7d',
    'nightlatch invitation list',
  )
  addAdd(invitation, deps)
  addList(invitation, deps)
  addWithdraw(invitation, deps)
}

const severalOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...text.split(/[\s,;]+/).filter((one) => one !== ''),
  ])

function addAdd(invitation: CliCommand, deps: CliDeps): void {
  const add = invitation
    .command('add')
    .description(
      'Prints a link with which others make accounts; it is used up by accounts, not by opening it.',
    )
    .example(
      'nightlatch invitation add',
      'nightlatch invitation add --group staff,crew --uses 20 --expires 2027-03-01',
    )
    .addOption(groupsOption('--group <name...>', 'Groups that the new accounts are in.'))
    .option('--uses <number>', 'How many accounts it makes. Default: 1.', wholeNumber(1, 10_000))
    .addOption(momentOption('--expires <date>', 'Until when: 7d (the default), a date or a moment.', deps))
    .option('--domain <domain>', 'Only for addresses of this domain, which are confirmed by a mail first.')
    .addOption(severalOption('--mail <address...>', 'Sends each a link of its own, good for one account.'))
    .option('--json', 'Print JSON.')
  addSettingFlags(add, linkSettings).action(async (options: Options) => {
    await onDatabase(deps, options, (app) => addOnes(deps, app, options))
  })
}

async function addOnes(deps: CliDeps, app: Nightlatch, options: Options): Promise<void> {
  const { installation, settings } = await knownSite(app)
  if (installation?.accounts === 'application')
    throw new Refused('the application keeps the accounts: nobody makes one here', 'kept-elsewhere')
  const wish = {
    groups: options['group'] as readonly string[] | undefined,
    uses: options['uses'] as number | undefined,
    expiresAt: options['expires'] as number | undefined,
    domain: options['domain'] as string | undefined,
    mail: options['mail'] as readonly string[] | undefined,
  }
  const outcome = await addInvitations(app.core, wish, atTheCommandLine)
  if (outcome.kind === 'refused')
    throw new Refused(
      `${outcome.text === undefined ? '' : `${JSON.stringify(outcome.text)}: `}${problems[outcome.why]}`,
    )
  const made = outcome.made.map((one) => ({ ...one, url: registrationUrl(settings, one.token) }))
  const now = app.core.platform.nowSeconds()
  if (options['json'] === true)
    return printJson(deps, {
      invitations: made.map(({ invitation, url, isMailed: mailed }) => ({
        ...describe(invitation, now),
        ...{ url, mailed },
      })),
    })
  for (const { invitation, url } of made)
    print(deps, invitation.email === '' ? url : `${invitation.email}\t${url}`)
  tellOf(deps, outcome.made, installation?.registration)
}

const problems: Readonly<Record<InvitationProblem, string>> = {
  'bad-group': 'it cannot be a group: its name is one printable line of 1 to 64 characters, without a comma',
  'too-many-groups': 'these are more groups than an account can be in',
  'bad-uses': 'it makes 1 to 10000 accounts',
  'bad-end': 'it ends in the future, and within a year',
  'bad-domain': 'give a domain such as example.org',
  'bad-email': 'give addresses such as ada@example.org, of the domain where there is one, 100 at most',
  'no-mail':
    'there is no mail server to send it or to confirm an address: NIGHTLATCH_SMTP_URL and NIGHTLATCH_MAIL_FROM',
}

function tellOf(deps: CliDeps, made: readonly MadeInvitation[], mode: string | undefined): void {
  const [first] = made
  if (first === undefined) return
  const { uses, email, expiresAt } = first.invitation
  const what =
    email !== ''
      ? 'Each is sent a link of their own as soon as the server runs: only that one confirms the address. It and the one here make one account'
      : `The link makes ${uses === 1 ? 'one account' : `up to ${uses} accounts`}`
  tell(deps, `${what}, until ${isoTime(expiresAt)}.`)
  const left = made.filter(({ invitation, isMailed }) => invitation.email !== '' && !isMailed)
  if (left.length > 0)
    tell(
      deps,
      `Too many mails wait: none was added for ${left.map(({ invitation }) => invitation.email).join(', ')}.`,
    )
  if (mode === undefined || mode === 'off')
    tell(deps, 'It leads nowhere before the server is started with NIGHTLATCH_REGISTRATION=invitation.')
}

const describe = (one: OpenInvitation, now: number) => ({
  id: one.id,
  state: whyClosed(one, now) ?? 'open',
  groups: one.groups,
  uses: one.uses,
  used: one.used,
  domain: one.domain,
  email: one.email,
  createdAt: isoTime(one.createdAt),
  expiresAt: isoTime(one.expiresAt),
})

function addList(invitation: CliCommand, deps: CliDeps): void {
  const list = invitation
    .command('list')
    .description('Lists the invitations, newest first.')
    .example('nightlatch invitation list')
    .option('--limit <number>', 'So many at most.', wholeNumber(1, 10_000), 1000)
    .option('--after <id>', 'Those behind this one.')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action(async (options: Options) => {
    await onDatabase(deps, options, async (app) => {
      const now = app.core.platform.nowSeconds()
      const page = {
        after: parseId<InvitationId>(String(options['after'] ?? '')),
        limit: options['limit'] as number,
      }
      const { invitations, next } = await listInvitations(app.core, page)
      const all = invitations.map((one) => describe(one, now))
      if (options['json'] === true) return printJson(deps, { invitations: all, next })
      const head = ['ID', 'STATE', 'USED', 'UNTIL', 'GROUPS', 'FOR']
      printTable(
        deps,
        head,
        all.map((one) => [
          one.id,
          one.state,
          `${one.used}/${one.uses}`,
          one.expiresAt,
          one.groups.join(', ') || '-',
          one.email || (one.domain === '' ? 'whoever has the link' : `@${one.domain}`),
        ]),
      )
      if (next !== null) tell(deps, `There are more: add --after ${next}`)
      if (all.length === 0) tell(deps, 'There is no invitation: nightlatch invitation add makes one.')
    })
  })
}

function addWithdraw(invitation: CliCommand, deps: CliDeps): void {
  const withdraw = invitation
    .command('withdraw <id>')
    .description('Withdraws an invitation; accounts that it has made stay.')
    .example('nightlatch invitation withdraw 7k3qm2xw4hd2p3tnc5vbja6rye')
    .option('--json', 'Print JSON.')
  addSettingFlags(withdraw, databaseSettings).action(async (text: string, options: Options) => {
    await onDatabase(deps, options, async (app) => {
      const id = parseId<InvitationId>(text)
      const done = id !== null && (await withdrawInvitation(app.core, { id, actor: atTheCommandLine }))
      if (!done)
        throw new Refused(
          `there is no invitation ${JSON.stringify(text)} to be withdrawn: nightlatch invitation list shows them all`,
          'no-such-invitation',
        )
      if (options['json'] === true) return printJson(deps, { invitation: { id, state: 'withdrawn' } })
      tell(deps, 'Withdrawn: its link opens nothing any more.')
    })
  })
}
