import { askForReset, findReset, offersReset, resetPassword } from '../../core/accounts/password-reset.js'
import type { ResetOutcome } from '../../core/accounts/password-reset.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import type { Account } from '../../core/accounts/account.js'
import type { FactorKind } from '../../core/factors/factor.js'
import { factorKinds } from '../../core/factors/factor.js'
import { usableFactors } from '../../core/factors/registry.js'
import { askedOf } from '../../core/factors/totp/verify.js'
import { parseToken } from '../../core/tokens.js'
import type { Problem } from '../../pages/index.js'
import { forgottenPage, forgottenSentPage, resetPage } from '../../pages/index.js'
import type { Context, FormContext, Handler } from '../context.js'
import { browserOf, nowOf, policyOf, siteOf } from '../context.js'
import { busy, form, withNotice } from '../guards.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { page, seeOther } from '../response.js'
import { newPasswordProblem } from './account-changes.js'
import { lockedUntil } from './code-problems.js'
import { factorDoors } from './factors.js'
import { askKnownPerson } from './passkeys.js'

const ifOffered =
  <V extends Context>(handler: (context: V) => Promise<HttpResponse>) =>
  (context: V): Promise<HttpResponse> =>
    offersReset(context.services.core) ? handler(context) : Promise.resolve(refusalPage(context, 'not-found'))

export const getForgotten: Handler = ifOffered((context) =>
  Promise.resolve(page(forgottenPage(siteOf(context), {}))),
)

export const postForgotten: Handler = form(
  ifOffered(async (context) => {
    const identifier = context.form.get('identifier') ?? ''
    if (identifier.trim() === '') {
      const problems: Problem[] = [{ key: 'username-empty', field: 'identifier' }]
      return page(forgottenPage(siteOf(context), { problems }), { status: statusOf('invalid-body') })
    }
    await askForReset(context.services.core, { identifier, client: browserOf(context).client })
    return page(forgottenSentPage(siteOf(context)))
  }),
)

/**
 * The token moves from the address into a cookie at once, so that it stands in no history and no referrer; to open the
 * link changes nothing (mail scanners open links, too).
 */
export const getReset: Handler = ifOffered(async (context) => {
  const { cookies, site, core } = context.services
  const token = context.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const { linkSeconds } = policyOf(context).passwordReset
    const kept = parsed === null ? cookies.clear('reset') : cookies.set('reset', parsed.reveal(), linkSeconds)
    return seeOther(`${site.base}/password/reset`, { cookies: [kept] })
  }
  const found = await findReset(core, cookies.token(context.request, 'reset'))
  if (found === null) return gone(context)
  return show(context, { ...found, owner: found.link.id, kind: kindOf(context.query.get('with')) })
})

const gone = (context: Context): HttpResponse =>
  refusalPage(context, 'not-found', { key: 'mail-link-expired' })

const kindOf = (text: string | undefined): FactorKind | null =>
  factorKinds.find((kind) => kind === text) ?? null

interface Shown {
  readonly account: Account
  readonly owner: string
  /** What was chosen; null: the best that there is. */
  readonly kind: FactorKind | null
  readonly problems?: readonly Problem[]
  readonly extra?: Parameters<typeof page>[1]
}

async function show(context: Context, shown: Shown): Promise<HttpResponse> {
  const { core } = context.services
  const { account, owner, problems = [], extra = {} } = shown
  const usable = usableFactors(core, account)
  const kind = usable.find((one) => one === shown.kind) ?? usable[0] ?? null
  const [asked, { passkey, cookies }] = await Promise.all([
    askedOf(core, account.id),
    askKnownPerson(context, { account, purpose: 'step-up', owner }),
  ])
  const view = { ...asked, ...{ kind, passkey, problems }, username: account.username }
  const others = usable.filter((one) => one !== kind)
  const html = resetPage(siteOf(context), { ...view, others, minCharacters: shortestHere(core) })
  return page(html, { ...extra, cookies: [...(extra.cookies ?? []), ...cookies] })
}

export const postReset: Handler = form(
  ifOffered(async (context: FormContext) => {
    const { core, cookies } = context.services
    const token = cookies.token(context.request, 'reset')
    const found = await findReset(core, token)
    if (found === null) return gone(context)
    const usable = usableFactors(core, found.account)
    const kind = usable.find((one) => one === context.form.get('with')) ?? usable[0] ?? 'totp'
    const shown = { account: found.account, owner: found.link.id, kind }
    const password = context.form.get('new_password') ?? ''
    if (password === '') {
      const problems: Problem[] = [{ key: 'password-new-empty', field: 'new_password' }]
      return show(context, { ...shown, problems, extra: { status: statusOf('invalid-body') } })
    }
    const given = context.form.get(factorDoors[kind].field) ?? ''
    const second = { kind, given }
    const outcome = await resetPassword(core, { token, password, second, browser: browserOf(context) })
    return answer(context, shown, outcome)
  }),
)

async function answer(
  context: FormContext,
  shown: Shown & { readonly kind: FactorKind },
  outcome: ResetOutcome,
): Promise<HttpResponse> {
  const { cookies, site } = context.services
  switch (outcome.kind) {
    case 'reset': {
      const response = seeOther(`${site.base}/login`, {
        cookies: [cookies.clear('reset'), cookies.clear('session')],
      })
      return withNotice(context, response, { key: 'password-set' })
    }
    case 'gone':
      return gone(context)
    case 'busy':
      return busy(context)
    case 'no-factor':
      return show(context, { ...shown, extra: { status: statusOf('no-second-factor') } })
    case 'bad-password': {
      const problems = [newPasswordProblem(context, outcome.why)]
      return show(context, { ...shown, problems, extra: { status: statusOf('bad-password') } })
    }
    default: {
      const { status, problem } = factorDoors[shown.kind].problemOf(outcome, nowOf(context))
      const headers = lockedUntil(outcome, nowOf(context))
      return show(context, { ...shown, problems: [problem], extra: { status, headers } })
    }
  }
}
