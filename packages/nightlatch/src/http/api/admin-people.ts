import type { Account } from '../../core/accounts/account.js'
import { accountState } from '../../core/accounts/account.js'
import type { Actor } from '../../core/accounts/actor.js'
import type { InvitationLink } from '../../core/accounts/administration.js'
import { endSessionsOf } from '../../core/accounts/sign-out.js'
import {
  disableAccount,
  enableAccount,
  inviteAccount,
  inviteAgain,
  removeAccount,
  resetSecondFactor,
} from '../../core/accounts/administration.js'
import { actingAs } from '../../core/accounts/administrators.js'
import { editAccount } from '../../core/accounts/edit.js'
import { parseEnd } from '../../core/accounts/end.js'
import { invitationPath } from '../../core/accounts/invitation.js'
import type { AccountRefusal } from '../../core/accounts/new-account.js'
import { listPeople } from '../../core/accounts/people.js'
import { rescueAccount } from '../../core/accounts/rescue.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { AccountId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import { canMail } from '../../core/notify/mail.js'
import { liveSessions } from '../../core/sessions/session-lifetime.js'
import { isoTime } from '../../shared/time.js'
import type { Context, SignedInContext } from '../context.js'
import { browserOf, nowOf } from '../context.js'
import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { busy } from './refusals.js'
import { describeSession } from './session.js'

export const actorOf = (call: SignedInContext): Actor => actingAs(call.signedIn, browserOf(call).client)

const timeOrNull = (seconds: number | null): string | null =>
  seconds === null || seconds <= 0 ? null : isoTime(seconds)

const describe = (account: Account, now: number) => ({
  id: account.id,
  username: account.username,
  name: account.name,
  email: account.email,
  emailVerified: account.emailVerified,
  groups: [...account.groups],
  admin: account.admin,
  disabled: account.disabled,
  state: accountState(account, now),
  expiresAt: timeOrNull(account.endsAt),
  hasPassword: account.passwordHash !== '',
  hasSecondFactor: hasSecondFactor(account),
  createdAt: isoTime(account.createdAt),
  lastSignInAt: timeOrNull(account.lastSignInAt),
})

const usualLimit = 50

async function people(call: Call<'people'>): Promise<HttpResponse> {
  const { q: search, limit, ...asked } = call.asked
  const wish = { ...asked, search, limit: limit === undefined ? usualLimit : Number(limit) }
  const found = await listPeople(call.services.core, wish)
  const now = nowOf(call)
  return reply('people', { people: found.people.map((one) => describe(one, now)), next: found.next })
}

/** The person of the path, or the answer that there is nobody. */
const about =
  <C extends Context>(handler: (call: C, account: Account) => Promise<HttpResponse>) =>
  async (call: C): Promise<HttpResponse> => {
    const id = parseId<AccountId>(call.id)
    const account = id === null ? null : await call.services.core.queries.accounts.find(id)
    return account === null ? refuse('not-found') : handler(call, account)
  }

const person = about(async (call: Call<'person'>, account) => {
  const { core } = call.services
  const [own, devices, sessions] = await Promise.all([
    core.queries.factors.listOf(account.id),
    core.queries.trustedDevices.listOf(account.id),
    liveSessions(core, account),
  ])
  return reply('person', {
    ...describe(account, nowOf(call)),
    factors: own.items.map(({ kind, name, createdAt, lastUsedAt }) => ({
      kind,
      name,
      createdAt: isoTime(createdAt),
      lastUsedAt: timeOrNull(lastUsedAt),
    })),
    recoveryCodesLeft: own.counts['recovery-code'],
    sessions: sessions.length,
    trustedDevices: devices.length,
  })
})

const linkOf = ({ services: { site } }: Context, { token, expiresAt, mailedTo }: InvitationLink) => ({
  url: site.origin + site.base + invitationPath(token),
  expiresAt: isoTime(expiresAt),
  mailedTo,
})

/** Why nothing can be mailed there, before anything is done. */
async function whyNoMail(call: Context, email: string): Promise<HttpResponse | null> {
  const can = await canMail(call.services.core, email.trim())
  if (can === true) return null
  if (can === 'no-mail-server') return refuse(can)
  const errors = [at('/mail', 'needs an address')]
  return refuse('bad-person', { members: { reason: 'no-email', errors } })
}

const isKeptElsewhere = ({ services }: Context): boolean => services.core.applicationAccounts !== null

async function addPerson(call: Call<'addPerson'>): Promise<HttpResponse> {
  if (isKeptElsewhere(call)) return refuse('accounts-kept-elsewhere')
  const { expiresAt, admin = false, mail: byMail = false, ...profile } = call.body
  const endsAt = endOf(call, expiresAt)
  if (endsAt === 'bad') return badEnd()
  const noMail = byMail ? await whyNoMail(call, profile.email ?? '') : null
  if (noMail !== null) return noMail
  const actor = { ...actorOf(call), byMail }
  const invited = await inviteAccount(call.services.core, { ...profile, admin, endsAt }, actor)
  if (invited.kind === 'refused') return refusePerson(invited, call.body)
  const shown = { person: describe(invited.account, nowOf(call)), invitation: linkOf(call, invited) }
  return reply('addPerson', shown)
}

/** undefined: nothing was said of it. */
function endOf(call: Context, text: string | null | undefined): number | null | undefined | 'bad' {
  return typeof text === 'string' ? (parseEnd(text, nowOf(call)) ?? 'bad') : text
}

const badEnd = (): HttpResponse =>
  refuse('bad-person', { members: { reason: 'bad-end', errors: [at('/expiresAt', 'is no date')] } })

const at = (pointer: string, detail: string) => ({ pointer, detail })

const memberOf = {
  'bad-username': 'username',
  'bad-email': 'email',
  'no-email': 'emailVerified',
  'bad-name': 'name',
  'bad-group': 'groups',
  'too-many-groups': 'groups',
} as const

/** What was sent is not repeated; a name that is taken is not said to be whose. */
function refusePerson(
  { why }: AccountRefusal,
  sent: { readonly username?: string | undefined; readonly email?: string | undefined },
): HttpResponse {
  if (why !== 'name-taken') {
    const errors = [at(`/${memberOf[why]}`, 'cannot be so')]
    return refuse('bad-person', { members: { reason: why, errors } })
  }
  const one = sent.username === undefined ? '/email' : (sent.email ?? '') === '' ? '/username' : ''
  return refuse('name-taken', { members: { errors: [at(one, 'is taken')] } })
}

const editPerson = about(async (call: Call<'editPerson'>, account) => {
  const { expiresAt, ...rest } = call.body
  const endsAt = endOf(call, expiresAt)
  if (endsAt === 'bad') return badEnd()
  const edit = { ...rest, endsAt }
  const outcome = await editAccount(call.services.core, account, { edit, actor: actorOf(call) })
  switch (outcome.kind) {
    case 'edited':
      return reply('editPerson', describe(outcome.account, nowOf(call)))
    case 'refused':
      return refusePerson(outcome, call.body)
    case 'last-administrator':
      return refuse('last-administrator')
    case 'kept-elsewhere':
      return refuse('accounts-kept-elsewhere')
    case 'not-there':
      return refuse('not-found')
  }
})

const removePerson = about(async (call: Call<'removePerson'>, account) => {
  const outcome = await removeAccount(call.services.core, account, actorOf(call))
  return outcome.kind === 'done' ? reply('removePerson', null) : refuse('last-administrator')
})

const invitePerson = about(async (call: Call<'invitePerson'>, account) => {
  if (isKeptElsewhere(call)) return refuse('accounts-kept-elsewhere')
  const { mail: byMail = false } = call.body
  const noMail = byMail ? await whyNoMail(call, account.email) : null
  if (noMail !== null) return noMail
  const invited = await inviteAgain(call.services.core, account, { ...actorOf(call), byMail })
  return invited.kind === 'closed' ? refuse('account-closed') : reply('invitePerson', linkOf(call, invited))
})

const rescuePerson = about(async (call: Call<'rescuePerson'>, account) => {
  const outcome = await rescueAccount(call.services.core, account, actorOf(call))
  switch (outcome.kind) {
    case 'rescued':
      return reply('rescuePerson', { code: outcome.code, expiresAt: isoTime(outcome.expiresAt) })
    case 'closed':
      return refuse('account-closed')
    case 'no-second-factor':
      return refuse('no-second-factor')
    case 'busy':
      return busy()
  }
})

/** As the account is after the change. */
async function changed(
  call: SignedInContext,
  id: 'resetSecondFactorOf' | 'disablePerson' | 'enablePerson',
): Promise<HttpResponse> {
  const account = await call.services.core.queries.accounts.find(call.id as AccountId)
  return account === null ? refuse('not-found') : reply(id, describe(account, nowOf(call)))
}

const resetSecondFactorOf = about(async (call: Call<'resetSecondFactorOf'>, account) => {
  await resetSecondFactor(call.services.core, account, actorOf(call))
  return changed(call, 'resetSecondFactorOf')
})

const disablePerson = about(async (call: Call<'disablePerson'>, account) => {
  const outcome = await disableAccount(call.services.core, account, actorOf(call))
  return outcome.kind === 'done' ? changed(call, 'disablePerson') : refuse('last-administrator')
})

const enablePerson = about(async (call: Call<'enablePerson'>, account) => {
  await enableAccount(call.services.core, account, actorOf(call))
  return changed(call, 'enablePerson')
})

const sessionsOfPerson = about(async (call: Call<'sessionsOfPerson'>, account) => {
  const sessions = await liveSessions(call.services.core, account)
  return reply('sessionsOfPerson', { sessions: sessions.map(describeSession) })
})

const endSessionsOfPerson = about(async (call: Call<'endSessionsOfPerson'>, account) =>
  reply('endSessionsOfPerson', {
    ended: await endSessionsOf(call.services.core, account, actorOf(call)),
  }),
)

export const peopleHandlers: Handlers<
  | 'people'
  | 'addPerson'
  | 'person'
  | 'editPerson'
  | 'removePerson'
  | 'invitePerson'
  | 'rescuePerson'
  | 'resetSecondFactorOf'
  | 'disablePerson'
  | 'enablePerson'
  | 'sessionsOfPerson'
  | 'endSessionsOfPerson'
> = {
  people,
  addPerson,
  person,
  editPerson,
  removePerson,
  invitePerson,
  rescuePerson,
  resetSecondFactorOf,
  disablePerson,
  enablePerson,
  sessionsOfPerson,
  endSessionsOfPerson,
}
