import type { Account } from '../core/accounts/account.js'
import type { Browser } from '../core/sign-in/start-session.js'
import { findSession } from '../core/sessions/session-lifetime.js'
import type { Policy } from '../core/policy.js'
import type { SignedIn } from '../core/sessions/session.js'
import { findSignIn } from '../core/sign-in/code-step.js'
import type { SignIn } from '../core/sign-in/sign-in.js'
import type { Site } from '../pages/index.js'
import type { HttpResponse, HttpRequest } from './request.js'
import type { BodyRefusal, Form } from './bodies.js'
import { readForm } from './bodies.js'
import type { Services } from './services.js'

/** One request at one door. */
export interface Context {
  readonly services: Services
  readonly request: HttpRequest
  /** The id or the name in the path, or ''. */
  readonly id: string
  readonly query: Form
}

/** A request of somebody who is signed in: a type of its own, not a flag. */
export interface SignedInContext extends Context {
  readonly signedIn: SignedIn
}

/** Spelled out, because nearly every request comes by here: to spread the context costs two microseconds more. */
export const asSignedIn = (
  { services, request, id, query }: Context,
  signedIn: SignedIn,
): SignedInContext => ({
  services,
  request,
  id,
  query,
  signedIn,
})

/** A request of somebody whose password was right and whose second factor is due. */
export interface SigningInContext extends Context {
  readonly signIn: SignIn
  readonly account: Account
}

export interface FormContext extends Context {
  readonly form: Form
}

export type Handler = (context: Context) => Promise<HttpResponse>

export function browserOf({ services, request }: Context): Browser {
  const client = { address: services.clientAddress(request), userAgent: request.header('user-agent') ?? '' }
  const { device, trusted, session } = services.cookies.tokens(request, ['device', 'trusted', 'session'])
  const challenges = services.cookies.read(request, 'passkey') ?? null
  return { client, knownDevice: device, trustedDevice: trusted, session, challenges }
}

export const signedInOf = ({ services, request }: Context): Promise<SignedIn | null> =>
  findSession(services.core, services.cookies.token(request, 'session'))

export const signingInOf = ({ services, request }: Context): ReturnType<typeof findSignIn> =>
  findSignIn(services.core, services.cookies.token(request, 'sign-in'))

/** The facts of the site for a page, with the person who is signed in, if anybody is. */
export function siteOf(context: Context, signedIn?: SignedIn): Site {
  const { base, name, assets, contact } = context.services.site
  return { base, name, assets, contact, signedInAs: signedIn?.account.username }
}

/** Reads the form; what cannot be read is refused. */
export const withForm =
  <V extends Context>(
    handler: (context: V & FormContext) => Promise<HttpResponse>,
    refuse: (context: Context, refusal: BodyRefusal) => HttpResponse | Promise<HttpResponse>,
  ) =>
  async (context: V): Promise<HttpResponse> => {
    const read = await readForm(context.request)
    return read.kind === 'form' ? handler({ ...context, form: read.form }) : refuse(context, read)
  }

/** What is decided by. */
export const policyOf = (context: Context): Policy => context.services.core.policy

export const nowOf = (context: Context): number => context.services.core.platform.nowSeconds()
