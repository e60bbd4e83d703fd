import { parseEnd } from '../../../core/accounts/end.js'
import type { InvitationId } from '../../../core/ids.js'
import { parseId } from '../../../core/ids.js'
import { sendsMail } from '../../../core/notify/mail.js'
import type { InvitationProblem, MadeInvitation } from '../../../core/registration/invitations.js'
import {
  addInvitations,
  findOpenInvitation,
  listInvitations,
  withdrawInvitation,
} from '../../../core/registration/invitations.js'
import type { OpenInvitation } from '../../../core/registration/open-invitation.js'
import { registrationPath, whyClosed } from '../../../core/registration/open-invitation.js'
import type { AddInvitationView, FieldName, InvitationRow, Problem } from '../../../pages/index.js'
import {
  addInvitationPage,
  invitationProblems,
  invitationsPage,
  madeInvitationPage,
  withdrawInvitationPage,
} from '../../../pages/index.js'
import type { Context, FormContext, Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { takeNotice } from '../../guards.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { actorOf, adminForm, doneAt, forAdministrators, freshly } from './guard.js'

const atOnce = 50

async function rowOf({ services }: Context, one: OpenInvitation, now: number): Promise<InvitationRow> {
  const by = one.invitedBy === null ? null : await services.core.queries.accounts.find(one.invitedBy)
  return {
    id: one.id,
    email: one.email,
    domain: one.domain,
    groups: one.groups,
    used: one.used,
    uses: one.uses,
    state: whyClosed(one, now) ?? 'open',
    expiresAtSeconds: one.expiresAt,
    by: by?.username,
  }
}

/** Where an application keeps the accounts, nobody is invited here. */
const whereAccountsAreOurs =
  <C extends SignedInContext>(handler: (context: C) => Promise<HttpResponse>) =>
  (context: C): Promise<HttpResponse> =>
    context.services.core.applicationAccounts === null
      ? handler(context)
      : Promise.resolve(refusalPage(context, 'not-found'))

export const getInvitations: Handler = forAdministrators(
  whereAccountsAreOurs(async (context) => {
    const { notice, cookies } = takeNotice(context)
    const { core, site } = context.services
    const after = parseId<InvitationId>(context.query.get('after') ?? '')
    const { invitations, next } = await listInvitations(core, { after, limit: atOnce })
    const view = {
      invitations: await Promise.all(invitations.map((one) => rowOf(context, one, nowOf(context)))),
      isOn: core.policy.registration.mode !== 'off',
      moreHref: next === null ? undefined : `${site.base}/admin/invitations?after=${next}`,
      notice,
    }
    return page(invitationsPage(siteOf(context, context.signedIn), view), { cookies })
  }),
)

type Typed = AddInvitationView['typed']

const typedFrom = (given: ReadonlyMap<string, string>): Typed => {
  const text = (name: string): string => (given.get(name) ?? '').slice(0, 4000)
  return {
    groups: text('groups'),
    uses: text('uses'),
    ends: text('ends'),
    domain: text('domain'),
    mail: text('mail'),
  }
}

const usual: Typed = { groups: '', uses: '1', ends: '7d', domain: '', mail: '' }

const showAdd = async (
  context: SignedInContext,
  typed: Typed,
  { problems = [], status }: { readonly problems?: readonly Problem[]; readonly status?: number } = {},
): Promise<HttpResponse> => {
  const view = { typed, problems, sendsMail: await sendsMail(context.services.core) }
  return page(
    addInvitationPage(siteOf(context, context.signedIn), view),
    status === undefined ? {} : { status },
  )
}

export const getAddInvitation: Handler = freshly(
  whereAccountsAreOurs((context) =>
    showAdd(context, context.query.size === 0 ? usual : typedFrom(context.query)),
  ),
)

const listOf = (text: string): readonly string[] => text.split(/[\s,;]+/).filter((one) => one !== '')

export const postAddInvitation: Handler = adminForm(
  whereAccountsAreOurs(async (context: SignedInContext & FormContext) => {
    const { core } = context.services
    const typed = typedFrom(context.form)
    const again = (why: InvitationProblem): Promise<HttpResponse> =>
      showAdd(context, typed, { problems: [problemOf(why)], status: statusOf('invalid-body') })
    const expiresAt = typed.ends.trim() === '' ? undefined : parseEnd(typed.ends, nowOf(context))
    if (expiresAt === null) return again('bad-end')
    const uses = typed.uses.trim() === '' ? 1 : Number(/^\d{1,9}$/.exec(typed.uses.trim())?.[0] ?? 'x')
    const groups = typed.groups.split(',').filter((group) => group.trim() !== '')
    const wish = { groups, uses, expiresAt, domain: typed.domain, mail: listOf(typed.mail) }
    const outcome = await addInvitations(core, wish, actorOf(context))
    return outcome.kind === 'refused' ? again(outcome.why) : page(showMade(context, outcome.made))
  }),
)

const showMade = (context: SignedInContext, made: readonly MadeInvitation[]) => {
  const { origin, base } = context.services.site
  return madeInvitationPage(siteOf(context, context.signedIn), {
    links: made.map(({ invitation, token, isMailed }) => ({
      ...{ email: invitation.email, isMailed },
      url: origin + base + registrationPath(token),
    })),
    untilSeconds: made[0]?.invitation.expiresAt ?? 0,
  })
}

const fields: Readonly<Record<InvitationProblem, FieldName>> = {
  'bad-group': 'groups',
  'too-many-groups': 'groups',
  'bad-uses': 'uses',
  'bad-end': 'ends',
  'bad-domain': 'domain',
  'bad-email': 'mail',
  'no-mail': 'uses',
}

const problemOf = (why: InvitationProblem): Problem => ({
  key: 'other',
  field: fields[why],
  text: invitationProblems[why],
})

type AboutOne<C> = (context: C, one: OpenInvitation) => Promise<HttpResponse>

const about =
  <C extends SignedInContext>(handler: AboutOne<C>) =>
  async (context: C): Promise<HttpResponse> => {
    const id = parseId<InvitationId>(context.id)
    const one = id === null ? null : await findOpenInvitation(context.services.core, id)
    return one === null || one.withdrawnAt !== null
      ? refusalPage(context, 'not-found')
      : handler(context, one)
  }

export const getWithdraw: Handler = freshly(
  about(async (context, one) =>
    page(
      withdrawInvitationPage(siteOf(context, context.signedIn), await rowOf(context, one, nowOf(context))),
    ),
  ),
)

export const postWithdraw: Handler = adminForm(
  about(async (context, one) => {
    await withdrawInvitation(context.services.core, { id: one.id, actor: actorOf(context) })
    return doneAt(context, '/admin/invitations', { key: 'invitation-withdrawn' })
  }),
)
