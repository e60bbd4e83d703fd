import type { Change } from '../../core/accounts/changes.js'
import {
  removeAuthenticator,
  removePasskey,
  renameAuthenticator,
  renamePasskey,
} from '../../core/accounts/changes.js'
import type { Core } from '../../core/core.js'
import type { FactorKind } from '../../core/factors/factor.js'
import type { Problem } from '../../pages/index.js'
import { removeAuthenticatorPage, renamePage } from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { page } from '../response.js'
import { signedInForm } from '../guards.js'
import { change, done, fresh, notFound, proveFirst } from './account-changes.js'
import { nameProblem, passkeyNameProblem } from './name-problem.js'
import type { Handler, SignedInContext } from '../context.js'
import { siteOf } from '../context.js'

interface Own<Id extends string> {
  readonly id: Id
  readonly name: string
  /** How many second factors of all kinds the account has. */
  readonly count: number
}

type Renamed = ReturnType<typeof renameAuthenticator>
type NameRefusal = Extract<Awaited<Renamed>, { kind: 'bad-name' }>['why']

/** What tells the kinds apart, where somebody renames or removes one of their own. */
interface Changeable<Id extends string> {
  readonly kind: FactorKind
  /** As the pages have words for it; an app's are the usual ones. */
  readonly view: { readonly kind?: 'passkey' }
  rename(core: Core, wanted: Change & { readonly id: Id; readonly name: string }): Renamed
  remove(core: Core, wanted: Change & { readonly id: Id }): ReturnType<typeof removeAuthenticator>
  readonly removed: 'authenticator-removed' | 'passkey-removed'
  nameProblem(why: NameRefusal, name: string): Problem
}

/** One of the person's own second factors of a kind. */
async function ownFactor<Id extends string>(
  context: SignedInContext,
  kind: FactorKind,
): Promise<Own<Id> | null> {
  const { items } = await context.services.core.queries.factors.listOf(context.signedIn.account.id)
  const one = items.find((each) => each.id === context.id && each.kind === kind)
  return one === undefined ? null : { id: one.id as Id, name: one.name, count: items.length }
}

/** The pages on which one is renamed. */
function renamePages<Id extends string>(factor: Changeable<Id>): readonly [Handler, Handler] {
  const show = (
    context: SignedInContext,
    view: Own<Id> & { typed: string | undefined; problems?: Problem[] },
  ) => renamePage(siteOf(context, context.signedIn), { ...view, ...factor.view })
  const get = fresh(async (context) => {
    const one = await ownFactor<Id>(context, factor.kind)
    if (one === null) return notFound(context)
    return page(show(context, { ...one, typed: context.query.get('name') }))
  })
  const post = signedInForm(async (context) => {
    const one = await ownFactor<Id>(context, factor.kind)
    if (one === null) return notFound(context)
    const name = context.form.get('name') ?? ''
    const outcome = await factor.rename(context.services.core, { ...change(context), id: one.id, name })
    switch (outcome.kind) {
      case 'renamed':
        return done(context, { key: 'authenticator-renamed', name: name.trim() })
      case 'not-there':
        return notFound(context)
      case 'not-fresh':
        return proveFirst(context, `${context.request.path}?name=${encodeURIComponent(name.slice(0, 100))}`)
      case 'bad-name': {
        const problems = [factor.nameProblem(outcome.why, name)]
        const html = show(context, { ...one, typed: name.slice(0, 100), problems })
        return page(html, { status: statusOf('bad-name') })
      }
    }
  })
  return [get, post]
}

/** The pages on which one is removed. */
function removePages<Id extends string>(factor: Changeable<Id>): readonly [Handler, Handler] {
  const show = (context: SignedInContext, one: Own<Id>) =>
    removeAuthenticatorPage(siteOf(context, context.signedIn), {
      ...one,
      ...factor.view,
      last: one.count === 1,
      required: context.services.core.policy.mfa === 'required',
    })
  const get = fresh(async (context) => {
    const one = await ownFactor<Id>(context, factor.kind)
    return one === null ? notFound(context) : page(show(context, one))
  })
  const post = signedInForm(async (context) => {
    const one = await ownFactor<Id>(context, factor.kind)
    if (one === null) return notFound(context)
    const outcome = await factor.remove(context.services.core, { ...change(context), id: one.id })
    switch (outcome.kind) {
      case 'removed':
        return done(context, { key: factor.removed, name: one.name })
      case 'not-there':
        return notFound(context)
      case 'last-one':
        return page(show(context, one), { status: statusOf('last-authenticator') })
      case 'not-fresh':
        return proveFirst(context)
    }
  })
  return [get, post]
}

const authenticator = {
  kind: 'totp',
  view: {},
  rename: renameAuthenticator,
  remove: removeAuthenticator,
  removed: 'authenticator-removed',
  nameProblem,
} as const

const passkey = {
  kind: 'passkey',
  view: { kind: 'passkey' },
  rename: renamePasskey,
  remove: removePasskey,
  removed: 'passkey-removed',
  nameProblem: passkeyNameProblem,
} as const

export const authenticatorPages = { rename: renamePages(authenticator), remove: removePages(authenticator) }
export const passkeyPages = { rename: renamePages(passkey), remove: removePages(passkey) }
