import { parseEnd } from '../../core/accounts/end.js'
import type { InvitationId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { InvitationProblem } from '../../core/registration/invitations.js'
import { addInvitations, listInvitations, withdrawInvitation } from '../../core/registration/invitations.js'
import type { OpenInvitation } from '../../core/registration/open-invitation.js'
import { registrationPath, whyClosed } from '../../core/registration/open-invitation.js'
import { isoTime } from '../../shared/time.js'
import { nowOf } from '../context.js'
import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import { actorOf } from './admin-people.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'

const describe = (one: OpenInvitation, now: number) => ({
  id: one.id,
  state: whyClosed(one, now) ?? ('open' as const),
  groups: [...one.groups],
  uses: one.uses,
  used: one.used,
  domain: one.domain,
  email: one.email,
  createdAt: isoTime(one.createdAt),
  expiresAt: isoTime(one.expiresAt),
})

const usualLimit = 50

async function invitations(call: Call<'invitations'>): Promise<HttpResponse> {
  const { after, limit } = call.asked
  const page = {
    after: parseId<InvitationId>(after ?? ''),
    limit: limit === undefined ? usualLimit : Number(limit),
  }
  const found = await listInvitations(call.services.core, page)
  const now = nowOf(call)
  return reply('invitations', {
    invitations: found.invitations.map((one) => describe(one, now)),
    next: found.next,
  })
}

const memberOf: Readonly<Record<InvitationProblem, string>> = {
  'bad-group': 'groups',
  'too-many-groups': 'groups',
  'bad-uses': 'uses',
  'bad-end': 'expiresAt',
  'bad-domain': 'domain',
  'bad-email': 'mail',
  'no-mail': '',
}

function refuseInvitation(why: InvitationProblem): HttpResponse {
  const errors = [{ pointer: memberOf[why] === '' ? '' : `/${memberOf[why]}`, detail: 'cannot be so' }]
  return refuse('bad-invitation', { members: { reason: why, errors } })
}

async function addInvitation(call: Call<'addInvitation'>): Promise<HttpResponse> {
  const { core, site } = call.services
  if (core.applicationAccounts !== null) return refuse('accounts-kept-elsewhere')
  const { expiresAt: text, ...wish } = call.body
  const expiresAt = text === undefined ? undefined : parseEnd(text, nowOf(call))
  if (expiresAt === null) return refuseInvitation('bad-end')
  const outcome = await addInvitations(core, { ...wish, expiresAt }, actorOf(call))
  if (outcome.kind === 'refused') return refuseInvitation(outcome.why)
  const made = outcome.made.map(({ invitation, token, isMailed: mailed }) => ({
    ...describe(invitation, nowOf(call)),
    ...{ url: site.origin + site.base + registrationPath(token), mailed },
  }))
  return reply('addInvitation', { invitations: made })
}

async function withdraw(call: Call<'withdrawInvitation'>): Promise<HttpResponse> {
  const id = parseId<InvitationId>(call.id)
  const done = id !== null && (await withdrawInvitation(call.services.core, { id, actor: actorOf(call) }))
  return done ? reply('withdrawInvitation', null) : refuse('not-found')
}

export const invitationHandlers: Handlers<'invitations' | 'addInvitation' | 'withdrawInvitation'> = {
  invitations,
  addInvitation,
  withdrawInvitation: withdraw,
}
