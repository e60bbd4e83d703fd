import type { Application } from '../../core/applications/application.js'
import { isRegistered, mismatchOf, policySourceOf } from '../../core/applications/redirects.js'
import { findApplication } from '../../core/applications/registration.js'
import { signOut } from '../../core/sessions/session-lifetime.js'
import type { SignedIn } from '../../core/sessions/session.js'
import { giveUpSignIn } from '../../core/sign-in/code-step.js'
import type { Hint } from '../../oidc/index.js'
import { applicationRefusalPage, signOutPage } from '../../pages/index.js'
import type { Form } from '../bodies.js'
import { parseForm, readForm } from '../bodies.js'
import type { Context, Handler } from '../context.js'
import { browserOf, signedInOf, siteOf } from '../context.js'
import { comesFromHere } from '../csrf.js'
import { withNotice } from '../guards.js'
import { gone, signedOut } from '../pages/sign-in.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { leadingTo, page, seeOther, withCookies } from '../response.js'
import { protocolRequest } from './protocol.js'

const names = ['id_token_hint', 'post_logout_redirect_uri', 'state', 'client_id'] as const

/** What an application asks with: OpenID Connect RP-Initiated Logout 1.0. */
interface Asked {
  readonly fields: Form
  readonly hint: Hint | null
  /** Whose sign-out it is, as far as that is known. */
  readonly application: Application | null
  /** Where the person is led afterwards; null: nowhere in particular. */
  readonly backTo: string | null
}

/** An application wants its person signed out here, too. */
export const logout: Handler = async (context) => {
  const { request, services } = context
  const isPost = request.method === 'POST'
  if (!isPost && request.method !== 'GET' && request.method !== 'HEAD')
    return refusalPage(context, 'wrong-method')
  const read = isPost ? await readForm(request) : null
  if (read?.kind === 'refused') return refusalPage(context, read.code)
  const fields = read === null ? parseForm(request.query) : read.form
  if (fields === null) return refusalPage(context, 'malformed-request')
  const isOwnForm = fields.get('confirm') === 'yes' && comesFromHere(request, services.site.origin)
  // A form of another site brings none of our cookies: as an address it does.
  if (isPost && !isOwnForm) return seeOther(`${services.site.base}/oidc/logout?${said(fields)}`)
  return answer(context, fields, isPost)
}

const said = (fields: Form): string =>
  new URLSearchParams(
    names.flatMap((name) => (fields.has(name) ? [[name, fields.get(name) ?? '']] : [])),
  ).toString()

async function answer(context: Context, fields: Form, isConfirmed: boolean): Promise<HttpResponse> {
  const { base } = context.services.site
  const signedIn = await signedInOf(context)
  const asked = await read(context, fields)
  if (asked === 'bad-hint') return refuse(context, null)
  if (asked.backTo === null && fields.has('post_logout_redirect_uri')) return refuse(context, asked)
  if (signedIn === null) return seeOther(asked.backTo === null ? `${base}/login` : addressOf(asked))
  if (isConfirmed || isSureOf(signedIn, asked)) return end(context, signedIn, asked)
  const shown = page(
    signOutPage(siteOf(context, signedIn), {
      application: asked.application?.name,
      fields: names.flatMap((name) => (fields.has(name) ? [[name, fields.get(name) ?? ''] as const] : [])),
    }),
  )
  const source = asked.backTo === null ? null : policySourceOf(asked.backTo)
  return source === null ? shown : leadingTo(shown, source)
}

async function read(context: Context, fields: Form): Promise<Asked | 'bad-hint'> {
  const hint = await hintIn(context, fields.get('id_token_hint'))
  if (hint === 'bad') return 'bad-hint'
  const named = fields.get('client_id')
  if (hint !== null && named !== undefined && named !== hint.application.id) return 'bad-hint'
  const application = hint?.application ?? (await findApplication(context.services.core, named ?? ''))
  const uri = fields.get('post_logout_redirect_uri')
  const isKnown = uri !== undefined && isRegistered(application?.postLogoutUris ?? [], uri)
  return { fields, hint, application, backTo: isKnown ? uri : null }
}

async function hintIn(context: Context, token: string | undefined): Promise<Hint | null | 'bad'> {
  if (token === undefined) return null
  const provider = await context.services.provider()
  return (await provider?.readHint(protocolRequest(context), token)) ?? 'bad'
}

/** It has shown an ID token of this very session, and wants its person back at an address of its own. */
const isSureOf = ({ session, account }: SignedIn, { hint, backTo }: Asked): boolean =>
  backTo !== null && hint !== null && hint.session === session.id && hint.account === account.id

async function end(context: Context, signedIn: SignedIn, asked: Asked): Promise<HttpResponse> {
  const { core, cookies } = context.services
  await giveUpSignIn(core, cookies.token(context.request, 'sign-in'))
  await signOut(core, signedIn, browserOf(context).client)
  if (asked.backTo === null) return withNotice(context, signedOut(context), { key: 'signed-out' })
  const headers = { 'clear-site-data': '"cache"' }
  return withCookies(seeOther(addressOf(asked), { headers }), gone(context))
}

function addressOf({ backTo, fields }: Asked): string {
  const url = new URL(backTo ?? '')
  const state = fields.get('state')
  if (state !== undefined) url.searchParams.set('state', state)
  return url.href
}

/** What leads back to nobody that is known is said here. */
async function refuse(context: Context, asked: Asked | null): Promise<HttpResponse> {
  const signedIn = await signedInOf(context)
  const uri = asked?.fields.get('post_logout_redirect_uri') ?? ''
  const view = {
    kind: asked === null ? ('hint' as const) : ('address' as const),
    application: asked?.application?.name,
    mismatch:
      asked === null
        ? undefined
        : { asked: uri, ...mismatchOf(asked.application?.postLogoutUris ?? [], uri), addHref: undefined },
    signingOut: signedIn !== null,
  }
  return page(applicationRefusalPage(siteOf(context, signedIn ?? undefined), view), { status: 400 })
}
