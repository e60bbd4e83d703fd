import { shortestHere } from '../../core/accounts/new-password.js'
import type { NotOpen, Opened, RegisterOutcome } from '../../core/registration/register.js'
import { askToRegister, findRegistration, register } from '../../core/registration/register.js'
import type { Token } from '../../core/tokens.js'
import { parseToken } from '../../core/tokens.js'
import type { FieldName, Problem } from '../../pages/index.js'
import {
  registerAddressPage,
  registerPage,
  registerSentPage,
  registrationWords,
  waitingPage,
} from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { page, retryAfter, seeOther, withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import { newPasswordProblem } from './account-changes.js'
import { busy, form, afterSignIn } from '../guards.js'
import { nextStepPath } from './factors.js'
import { refusalPage } from '../refuse.js'
import { passwordAccepted } from './sign-in.js'
import type { Context, FormContext, Handler } from '../context.js'
import { browserOf, nowOf, signedInOf, signingInOf, siteOf } from '../context.js'

const linkSeconds = 86_400

const tokenOf = ({ services, request }: Context): Token | null =>
  services.cookies.token(request, 'registration')

/**
 * By a link or without one. Its token moves from the address into a cookie at once, so that it stands in no history and
 * no referrer; opening the link spends nothing (mail scanners open links, too).
 */
export const getRegister: Handler = async (context) => {
  const { cookies, site, core } = context.services
  const token = context.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const kept =
      parsed === null
        ? cookies.clear('registration')
        : cookies.set('registration', parsed.reveal(), linkSeconds)
    const next = nextOf(context)
    const query = parsed === null ? '?link=wrong' : ''
    const more = next === undefined ? '' : `${query === '' ? '?' : '&'}next=${encodeURIComponent(next)}`
    return seeOther(`${site.base}/register${query}${more}`, { cookies: [kept] })
  }
  if (context.query.get('link') === 'wrong') return closed(context, { kind: 'closed', why: 'expired' })
  const given = tokenOf(context)
  const opened = await findRegistration(core, given)
  // Whoever went on from here in another window, or comes back, is where that window is.
  if (given === null && opened.kind !== 'off') {
    const elsewhere = await whereTheyAre(context)
    if (elsewhere !== null) return elsewhere
  }
  return show(context, opened)
}

async function whereTheyAre(context: Context): Promise<HttpResponse | null> {
  const signingIn = await signingInOf(context)
  if (signingIn !== null) return seeOther(nextStepPath(context, signingIn.account))
  return (await signedInOf(context)) === null ? null : seeOther(afterSignIn(context))
}

const nextOf = (context: Context & Partial<FormContext>): string | undefined =>
  context.services.nextOf(context.form?.get('next') ?? context.query.get('next')) ?? undefined

/** What was typed; `unless` before anything was. */
const field = (
  context: Context & Partial<FormContext>,
  name: string,
  { most, unless = '' }: { readonly most: number; readonly unless?: string | undefined },
): string => (context.form === undefined ? unless : (context.form.get(name) ?? '')).slice(0, most)

function show(
  context: Context & Partial<FormContext>,
  opened: Opened,
  problems: readonly Problem[] = [],
): HttpResponse {
  const { core } = context.services
  const next = nextOf(context)
  const extra = {
    ...(problems.length > 0 && { status: statusOf('invalid-body') }),
    leadsTo: next,
  }
  if (opened.kind === 'address-first') {
    const { invitation } = opened
    const domains = invitation === null ? core.policy.registration.domains : [invitation.domain]
    const typed = field(context, 'email', { most: 254, unless: invitation?.email })
    const view = { typed, domains, next, problems }
    return page(registerAddressPage(siteOf(context), view), extra)
  }
  if (opened.kind !== 'open') return closed(context, opened)
  const view = {
    typed: {
      username: field(context, 'username', { most: 254 }),
      name: field(context, 'name', { most: 200 }),
      email: field(context, 'email', { most: 254, unless: opened.invitation?.email }),
    },
    email: opened.email ?? undefined,
    needsApproval: core.policy.registration.mode === 'approval' && opened.invitation === null,
    minCharacters: shortestHere(core),
    next,
    problems,
  }
  return page(registerPage(siteOf(context), view), extra)
}

/** One page, and a text for each reason. */
function closed(context: Context, why: NotOpen): HttpResponse {
  if (why.kind === 'off') return refusalPage(context, 'not-found')
  if (why.kind === 'invitation-needed') return refusalPage(context, 'invitation-needed')
  return refusalPage(context, 'not-found', { key: `registration-${why.why}` })
}

export const postRegister: Handler = form(async (context) => {
  const token = tokenOf(context)
  const opened = await findRegistration(context.services.core, token)
  if (opened.kind === 'address-first') return ask(context, opened, token)
  if (opened.kind !== 'open') {
    const elsewhere = token === null && opened.kind !== 'off' ? await whereTheyAre(context) : null
    return elsewhere ?? closed(context, opened)
  }
  const text = (name: string): string => context.form.get(name) ?? ''
  const empty: Problem[] = []
  if (text('username').trim() === '') empty.push({ key: 'username-characters', field: 'username' })
  if (text('new_password') === '') empty.push({ key: 'password-new-empty', field: 'new_password' })
  if (empty.length > 0) return show(context, opened, empty)
  const named = { username: text('username'), name: text('name'), email: text('email') }
  const given = { ...named, token, password: text('new_password'), browser: browserOf(context) }
  return answer(context, opened, await register(context.services.core, given))
})

async function ask(context: FormContext, opened: Opened, token: Token | null): Promise<HttpResponse> {
  const { core, site } = context.services
  const next = nextOf(context)
  const outcome = await askToRegister(core, {
    token,
    email: context.form.get('email') ?? '',
    next: next ?? null,
    client: browserOf(context).client,
  })
  switch (outcome.kind) {
    case 'sent': {
      const query = next === undefined ? '' : `?next=${encodeURIComponent(next)}`
      return seeOther(`${site.base}/register/sent${query}`)
    }
    case 'bad-email':
      return show(context, opened, [{ key: 'other', field: 'email', text: registrationWords.badEmail }])
    case 'other-domain':
      return show(context, opened, [
        { key: 'other', field: 'email', text: registrationWords.otherDomain(outcome.domains) },
      ])
    default:
      return closed(context, outcome)
  }
}

/** The same for every address. */
export const getSent: Handler = (context) =>
  Promise.resolve(
    context.services.core.policy.registration.mode === 'off'
      ? refusalPage(context, 'not-found')
      : page(registerSentPage(siteOf(context), nextOf(context))),
  )

/** For whoever has registered and may not come in yet; it says nothing of anybody. */
export const getWaiting: Handler = (context) => Promise.resolve(page(waitingPage(siteOf(context))))

function answer(context: FormContext, opened: Opened, outcome: RegisterOutcome): HttpResponse {
  const { cookies } = context.services
  switch (outcome.kind) {
    case 'registered':
      return withCookies(passwordAccepted(context, outcome.next, context.form), [
        cookies.clear('registration'),
      ])
    case 'waiting':
      return seeOther(`${context.services.site.base}/register/waiting`, {
        cookies: [cookies.clear('registration')],
      })
    case 'known':
      return refusalPage(context, 'not-found', { key: 'registration-known' })
    case 'bad-password':
      return show(context, opened, [newPasswordProblem(context, outcome.why)])
    case 'refused':
      return show(context, opened, [refusedField(outcome.why)])
    case 'wait':
      return tooMany(context, opened, outcome.untilSeconds)
    case 'busy':
      return busy(context)
    case 'address-first':
      return show(context, { kind: 'address-first', invitation: null })
    default:
      return closed(context, outcome)
  }
}

function tooMany(context: FormContext, opened: Opened, untilSeconds: number): HttpResponse {
  const wait = { untilSeconds, nowSeconds: nowOf(context) }
  const response = show(context, opened, [{ key: 'too-many', wait }])
  const headers = { ...response.headers, ...retryAfter(untilSeconds, wait.nowSeconds) }
  return { ...response, status: statusOf('too-many-attempts'), headers }
}

type Why = Extract<RegisterOutcome, { kind: 'refused' }>['why']

function refusedField(why: Why): Problem {
  if (why === 'name-taken') return { key: 'username-taken', field: 'username' }
  if (why === 'bad-username') return { key: 'username-characters', field: 'username' }
  const [at, text]: readonly [FieldName, string] =
    why === 'bad-email' ? ['email', registrationWords.badEmail] : ['name', registrationWords.badName]
  return { key: 'other', field: at, text }
}
