import type { Account } from '../../../core/accounts/account.js'
import {
  disableAccount,
  enableAccount,
  inviteAgain,
  removeAccount,
  resetSecondFactor,
} from '../../../core/accounts/administration.js'
import { endSessionsOf } from '../../../core/accounts/sign-out.js'
import type { AccountEdit, EditOutcome } from '../../../core/accounts/edit.js'
import { parseEnd } from '../../../core/accounts/end.js'
import { editAccount } from '../../../core/accounts/edit.js'
import { rescueAccount } from '../../../core/accounts/rescue.js'
import { hasSecondFactor } from '../../../core/factors/factor.js'
import type { AccountId } from '../../../core/ids.js'
import { parseId } from '../../../core/ids.js'
import { liveSessions } from '../../../core/sessions/session-lifetime.js'
import type { Act, EditPersonView, FieldName, Problem } from '../../../pages/index.js'
import { actPage, acts, editPersonPage, editProblems, personPage } from '../../../pages/index.js'
import type { FormContext, Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { busy, takeNotice } from '../../guards.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { isoSeconds } from '../../../shared/time.js'
import { activityRow, factorRows } from '../account.js'
import { deliveryView, handOver, isByMail, linkOf } from './delivery.js'
import { actorOf, adminForm, doneAt, forAdministrators, freshly } from './guard.js'
import { personRow } from './people.js'
import {
  givingToken,
  meantSerial,
  takingToken,
  tokensOf,
  type RefusedAct,
  type Tokens,
} from './person-tokens.js'

type AboutPerson<C> = (context: C, account: Account) => Promise<HttpResponse>

const about =
  <C extends SignedInContext>(handler: AboutPerson<C>) =>
  async (context: C): Promise<HttpResponse> => {
    const id = parseId<AccountId>(context.id)
    const account = id === null ? null : await context.services.core.queries.accounts.find(id)
    return account === null ? refusalPage(context, 'not-found') : handler(context, account)
  }

const activityAtOnce = 20

export const isKeptElsewhere = ({ services }: SignedInContext): boolean =>
  services.core.applicationAccounts !== null

function actsFor(context: SignedInContext, account: Account, tokens: Tokens): readonly Act[] {
  const own: readonly (readonly [Act, boolean])[] = [
    ['invite', !isKeptElsewhere(context)],
    ['rescue', hasSecondFactor(account)],
    ['give-token', tokens.hasFree],
    ['take-token', tokens.own.length > 0],
    ['end-sessions', true],
    ['reset-mfa', hasSecondFactor(account)],
    [account.waiting ? 'approve' : account.disabled ? 'enable' : 'disable', true],
    ['remove', true],
  ]
  return own.filter(([, fits]) => fits).map(([act]) => act)
}

export const getPerson: Handler = forAdministrators(
  about(async (context, account) => {
    const { notice, cookies } = takeNotice(context)
    const { core } = context.services
    const [own, devices, sessions, tokens, records] = await Promise.all([
      core.queries.factors.listOf(account.id),
      core.queries.trustedDevices.listOf(account.id),
      liveSessions(core, account),
      tokensOf(context, account),
      core.queries.audit.list({ account: account.id, limit: activityAtOnce }),
    ])
    const view = {
      row: personRow(account, nowOf(context), isKeptElsewhere(context)),
      createdAtSeconds: account.createdAt,
      factors: factorRows(own.items),
      recoveryCodesLeft: own.counts['recovery-code'],
      sessions: sessions.length,
      trustedDevices: devices.length,
      activity: records.map((record) => activityRow(record, {})),
      acts: actsFor(context, account, tokens),
      keptElsewhere: isKeptElsewhere(context),
      notice,
    }
    return page(personPage(siteOf(context, context.signedIn), view), { cookies })
  }),
)

/** As it may be typed: a day says its first moment. */
const dayOf = (seconds: number | null): string =>
  seconds === null ? '' : isoSeconds(seconds).replace('T00:00:00Z', '')

const typedOf = (account: Account): EditPersonView['typed'] => ({
  username: account.username,
  name: account.name,
  email: account.email,
  emailVerified: account.emailVerified,
  groups: account.groups.join(', '),
  admin: account.admin,
  ends: dayOf(account.endsAt),
})

/** What was typed before the fresh proof, or what the account has. */
const typedIn = (given: ReadonlyMap<string, string>, account: Account): EditPersonView['typed'] =>
  given.size === 0 ? typedOf(account) : typedFrom(given)

export function typedFrom(given: ReadonlyMap<string, string>): EditPersonView['typed'] {
  const text = (name: string): string => (given.get(name) ?? '').slice(0, 1000)
  return {
    username: text('username'),
    name: text('name'),
    email: text('email'),
    emailVerified: given.get('email_verified') === 'yes',
    groups: text('groups'),
    admin: given.get('admin') === 'yes',
    ends: text('ends'),
  }
}

const showEdit = (
  context: SignedInContext,
  account: Account,
  shown: Pick<EditPersonView, 'typed' | 'problems' | 'isFilledIn'>,
) =>
  editPersonPage(siteOf(context, context.signedIn), {
    id: account.id,
    username: account.username,
    keptElsewhere: isKeptElsewhere(context),
    ...shown,
  })

export const getEditPerson: Handler = freshly(
  about((context, account) => {
    const view = { typed: typedIn(context.query, account), isFilledIn: context.query.size > 0 }
    return Promise.resolve(page(showEdit(context, account, view)))
  }),
)

export const postEditPerson: Handler = adminForm(
  about(async (context, account) => {
    const typed = typedIn(context.form, account)
    const again = (problem: Problem): HttpResponse =>
      page(showEdit(context, account, { typed, problems: [problem] }), { status: statusOf('invalid-body') })
    const endsAt = endOf(context, typed)
    if (endsAt === 'bad') return again({ key: 'other', field: 'ends', text: editProblems['bad-end'] })
    const edit = { admin: typed.admin, endsAt, ...(isKeptElsewhere(context) ? {} : ownEdit(typed)) }
    const outcome = await editAccount(context.services.core, account, {
      edit: changes(edit, account),
      actor: actorOf(context),
    })
    if (outcome.kind === 'edited')
      return doneAt(context, `/admin/people/${account.id}`, {
        key: 'person-edit',
        name: outcome.account.username,
      })
    if (outcome.kind === 'not-there') return refusalPage(context, 'not-found')
    return again(editProblem(outcome))
  }),
)

export const ownEdit = ({
  username,
  name,
  email,
  emailVerified,
  groups,
}: EditPersonView['typed']): AccountEdit => ({
  username,
  name,
  email,
  emailVerified,
  groups: groups.split(',').filter((group) => group.trim() !== ''),
})

/** Only what is different: what was not touched need not fit rules that came later. */
const changes = (edit: AccountEdit, account: Account): AccountEdit => ({
  ...edit,
  username: edit.username === account.username ? undefined : edit.username,
  email: edit.email === account.email ? undefined : edit.email,
  emailVerified: edit.emailVerified === account.emailVerified ? undefined : edit.emailVerified,
  admin: edit.admin === account.admin ? undefined : edit.admin,
  endsAt: edit.endsAt === account.endsAt ? undefined : edit.endsAt,
})

type EditRefusal = Exclude<EditOutcome, { kind: 'edited' | 'not-there' }>

function editProblem(outcome: EditRefusal): Problem {
  if (outcome.kind === 'last-administrator') return { key: 'other', text: acts.lastAdministrator }
  if (outcome.kind === 'kept-elsewhere') return { key: 'other', text: acts.closed }
  return refusedField(outcome.why)
}

export function refusedField(why: Extract<EditRefusal, { kind: 'refused' }>['why']): Problem {
  const fields: Readonly<Record<typeof why, FieldName>> = {
    'bad-username': 'username',
    'bad-email': 'email',
    'no-email': 'email',
    'bad-name': 'name',
    'bad-group': 'groups',
    'too-many-groups': 'groups',
    'name-taken': 'username',
  }
  return { key: 'other', field: fields[why], text: editProblems[why] }
}

/** null: it does not end. */
export function endOf(context: SignedInContext, { ends }: EditPersonView['typed']): number | null | 'bad' {
  return ends.trim() === '' ? null : (parseEnd(ends, nowOf(context)) ?? 'bad')
}

interface ShownAct {
  readonly act: Act
  readonly problems?: readonly Problem[]
  readonly serial?: string | undefined
}

async function showAct(context: SignedInContext & Partial<FormContext>, account: Account, shown: ShownAct) {
  const { id, username, email: to } = account
  const asked = { given: context.form ?? context.query, to }
  const delivery = shown.act === 'invite' ? await deliveryView(context, asked) : undefined
  return actPage(siteOf(context, context.signedIn), { id, username, delivery, ...shown })
}

type Doing = (
  context: SignedInContext & FormContext,
  account: Account,
) => Promise<HttpResponse | Problem | RefusedAct>

async function enable(context: SignedInContext & FormContext, account: Account): Promise<HttpResponse> {
  await enableAccount(context.services.core, account, actorOf(context))
  return done(context, account, 'person-enable')
}

/** Each answers itself, or with why nothing was done. */
const doing: Readonly<Record<Act, Doing>> = {
  async invite(context, account) {
    const byMail = await isByMail(context, { given: context.form, to: account.email })
    const invited = await inviteAgain(context.services.core, account, { ...actorOf(context), byMail })
    if (invited.kind === 'closed') return { key: 'other', text: acts.closed }
    return handOver(context, account, linkOf(context, invited, byMail))
  },
  async rescue(context, account) {
    const rescued = await rescueAccount(context.services.core, account, actorOf(context))
    if (rescued.kind === 'busy') return busy(context)
    if (rescued.kind === 'closed') return { key: 'other', text: acts.closed }
    if (rescued.kind === 'no-second-factor') return { key: 'other', text: acts.noSecondFactor }
    return handOver(context, account, { kind: 'code', text: rescued.code, untilSeconds: rescued.expiresAt })
  },
  'give-token': givingToken,
  'take-token': takingToken,
  async 'end-sessions'(context, account) {
    await endSessionsOf(context.services.core, account, actorOf(context))
    return done(context, account, 'person-end-sessions')
  },
  async 'reset-mfa'(context, account) {
    await resetSecondFactor(context.services.core, account, actorOf(context))
    return done(context, account, 'person-reset-mfa')
  },
  async disable(context, account) {
    const outcome = await disableAccount(context.services.core, account, actorOf(context))
    return outcome.kind === 'done' ? done(context, account, 'person-disable') : lastOne
  },
  enable,
  approve: enable,
  async remove(context, account) {
    const typed = (context.form.get('confirm_name') ?? '').trim()
    if (typed !== account.username) return { key: 'other', field: 'confirm_name', text: acts.nameWrong }
    const outcome = await removeAccount(context.services.core, account, actorOf(context))
    if (outcome.kind !== 'done') return lastOne
    return doneAt(context, '/admin', { key: 'person-remove', name: account.username })
  },
}

const lastOne: Problem = { key: 'other', text: acts.lastAdministrator }

type Done = Extract<Parameters<typeof doneAt>[2]['key'], `person-${string}`>

const done = (context: SignedInContext, account: Account, key: Done): HttpResponse =>
  doneAt(context, `/admin/people/${account.id}`, { key, name: account.username })

const isProblem = (outcome: HttpResponse | Problem): outcome is Problem => 'key' in outcome

export const getAct = (act: Act): Handler =>
  freshly(
    about(async (context, account) =>
      page(await showAct(context, account, { act, serial: await meantSerial(context, account, act) })),
    ),
  )

export const postAct = (act: Act): Handler =>
  adminForm(
    about(async (context, account) => {
      const outcome = await doing[act](context, account)
      if (!('problem' in outcome) && !isProblem(outcome)) return outcome
      const { problem, ...extra } =
        'problem' in outcome ? outcome : { problem: outcome, status: statusOf('invalid-body') }
      const serial = context.form.get('serial')?.slice(0, 100)
      return page(await showAct(context, account, { act, problems: [problem], serial }), extra)
    }),
  )
