import { InvalidArgumentError, Option } from 'commander'
import { applicationAccesses, signingAlgorithms } from '../../core/applications/application.js'
import type { Application } from '../../core/applications/application.js'
import type { ApplicationEdit } from '../../core/applications/changes.js'
import type { ApplicationProblem } from '../../core/applications/registration.js'
import { parseDuration } from '../../core/duration.js'
import type { CliCommand } from '../framework/command.js'
import { Refused } from '../framework/errors.js'
import { isoTime, timeOrNull } from '../framework/output.js'
import type { Options } from './account-command.js'

/** Several after one flag, or the flag several times. */
const severalOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    text,
  ])

export const addApplicationOptions = (command: CliCommand): CliCommand =>
  command
    .addOption(severalOption('--redirect <uri...>', 'Where it sends people back to, letter by letter.'))
    .addOption(severalOption('--post-logout <uri...>', 'Where it may send people after they signed out.'))
    .option('--backchannel-logout <uri>', 'Where it is told that somebody has signed out.')
    .option('--device', 'Screens without a keyboard may sign people in by a code.')
    .option('--launch <url>', 'Where people open it.')
    .addOption(severalOption('--group <name...>', 'Only for members of one of these groups.'))
    .addOption(
      new Option('--access <strength>', 'How people must have signed in.').choices([...applicationAccesses]),
    )
    .option('--skip-consent', 'Its people are not asked whether it may know them: it is your own.')
    .addOption(
      new Option('--signing <algorithm>', 'What its tokens are signed with; nearly all take RS256.').choices([
        ...signingAlgorithms,
      ]),
    ) as CliCommand

/** What the flags say of an application. */
export function editIn(options: Options): ApplicationEdit {
  const said = <Key extends keyof ApplicationEdit>(flag: string): ApplicationEdit[Key] =>
    options[flag] as ApplicationEdit[Key]
  return {
    name: said<'name'>('name'),
    allowsDevice: said<'allowsDevice'>('device'),
    redirectUris: said<'redirectUris'>('redirect'),
    addRedirectUris: said<'addRedirectUris'>('addRedirect'),
    removeRedirectUris: said<'removeRedirectUris'>('removeRedirect'),
    postLogoutUris: said<'postLogoutUris'>('postLogout'),
    backchannelLogoutUri: said<'backchannelLogoutUri'>('backchannelLogout'),
    launchUrl: said<'launchUrl'>('launch'),
    groups: options['everybody'] === true ? [] : said<'groups'>('group'),
    access: said<'access'>('access'),
    skipConsent: said<'skipConsent'>('skipConsent'),
    signingAlgorithm: said<'signingAlgorithm'>('signing'),
  }
}

const uriWords = {
  'not-an-address': 'it is no address: https://app.example.org/callback',
  fragment: 'it has a fragment (#…), which no server ever sees',
  wildcard: 'addresses are compared letter by letter, so there are no wildcards: name each',
  scheme: 'no application is opened by that',
  'private-scheme': 'it must begin with https:// or http://',
} as const

const fields = {
  redirect: '--redirect',
  'post-logout': '--post-logout',
  'backchannel-logout': '--backchannel-logout',
  launch: '--launch',
} as const

export function refusedApplication(problem: ApplicationProblem): Refused {
  const say = (text: string): Refused => new Refused(text, 'bad-application')
  switch (problem.what) {
    case 'name':
      return say('the name is one printable line of 1 to 100 characters')
    case 'id':
      return say('an id is 1 to 100 letters, digits, dots, dashes and underscores')
    case 'secret':
      return say('a secret is one word of 16 to 128 printable ASCII characters')
    case 'public-secret':
      return say('a public application has no secret')
    case 'no-redirect':
      return say('say where it sends people back to: --redirect https://app.example.org/callback')
    case 'group':
      return say(`${JSON.stringify(problem.text)} cannot be a group`)
    case 'uri':
      return say(
        `${fields[problem.field]} ${JSON.stringify(problem.text)} cannot be used: ${uriWords[problem.why]}`,
      )
  }
}

export function durationOption(text: string): number {
  const seconds = parseDuration(text)
  if (seconds === null) throw new InvalidArgumentError('Write 7d, 12h, 30m or 0.')
  return seconds
}

/** For scripts. No secret is in it. */
export const describeApplication = (one: Application): Readonly<Record<string, unknown>> => ({
  id: one.id,
  name: one.name,
  public: one.isPublic,
  device: one.allowsDevice,
  redirectUris: one.redirectUris,
  postLogoutUris: one.postLogoutUris,
  backchannelLogoutUri: one.backchannelLogoutUri === '' ? null : one.backchannelLogoutUri,
  launchUrl: one.launchUrl === '' ? null : one.launchUrl,
  groups: one.groups,
  access: one.access,
  skipConsent: one.skipConsent,
  signing: one.signingAlgorithm,
  secrets: one.secrets.map(({ createdAt, expiresAt }) => ({
    createdAt: isoTime(createdAt),
    expiresAt: timeOrNull(expiresAt ?? 0),
  })),
  createdAt: isoTime(one.createdAt),
})
