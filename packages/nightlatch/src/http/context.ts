import type { Account } from '../core/accounts/account.js'
import type { Browser } from '../core/sign-in/start-session.js'
import { findSession } from '../core/sessions/session-lifetime.js'
import type { SignedIn } from '../core/sessions/session.js'
import { findSignIn } from '../core/sign-in/code-step.js'
import type { SignIn } from '../core/sign-in/sign-in.js'
import type { Site } from '../pages/index.js'
import type { Answer, Ask } from './request.js'
import type { BodyRefusal, Form } from './bodies.js'
import { readForm } from './bodies.js'
import type { Doors } from './services.js'

/** One request at one door. */
export interface Visit {
  readonly doors: Doors
  readonly ask: Ask
  /** The id in the path, or ''. */
  readonly id: string
  readonly query: Form
}

/** A visit of somebody who is signed in: a type of its own, not a flag. */
export interface SignedInVisit extends Visit {
  readonly signedIn: SignedIn
}

/** Spelled out, because nearly every request comes by here: to spread the visit costs two microseconds more. */
export const asSignedIn = ({ doors, ask, id, query }: Visit, signedIn: SignedIn): SignedInVisit => ({
  doors,
  ask,
  id,
  query,
  signedIn,
})

/** A visit of somebody whose password was right and whose second factor is due. */
export interface SigningInVisit extends Visit {
  readonly signIn: SignIn
  readonly account: Account
}

export interface FormVisit extends Visit {
  readonly form: Form
}

export type Handler = (visit: Visit) => Promise<Answer>

export function browserOf({ doors, ask }: Visit): Browser {
  return {
    client: { address: doors.clientAddress(ask), userAgent: ask.header('user-agent') ?? '' },
    knownDevice: doors.cookies.token(ask, 'device'),
    trustedDevice: doors.cookies.token(ask, 'trusted'),
    session: doors.cookies.token(ask, 'session'),
  }
}

export const signedInOf = ({ doors, ask }: Visit): Promise<SignedIn | null> =>
  findSession(doors.core, doors.cookies.token(ask, 'session'))

export const signingInOf = ({ doors, ask }: Visit): ReturnType<typeof findSignIn> =>
  findSignIn(doors.core, doors.cookies.token(ask, 'sign-in'))

/** The facts of the site for a page, with the person who is signed in, if anybody is. */
export function siteOf(visit: Visit, signedIn?: SignedIn): Site {
  const { base, name, assets } = visit.doors.site
  return { base, name, assets, signedInAs: signedIn?.account.username }
}

/** Reads the form; what cannot be read is refused. */
export const withForm =
  <V extends Visit>(
    handler: (visit: V & FormVisit) => Promise<Answer>,
    refuse: (visit: Visit, refusal: BodyRefusal) => Answer | Promise<Answer>,
  ) =>
  async (visit: V): Promise<Answer> => {
    const read = await readForm(visit.ask)
    return read.kind === 'form' ? handler({ ...visit, form: read.form }) : refuse(visit, read)
  }

export const nowOf = (visit: Visit): number => visit.doors.core.world.nowSeconds()
