import { actingAs, administrationFor } from '../../../core/accounts/administrators.js'
import type { Actor } from '../../../core/accounts/actor.js'
import type { SignedIn } from '../../../core/sessions/session.js'
import type { Notice } from '../../../pages/index.js'
import type { Context, FormContext, Handler, SignedInContext } from '../../context.js'
import { asSignedIn, browserOf, nowOf, policyOf, signedInOf } from '../../context.js'
import { signedInForm, withNotice } from '../../guards.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { seeOther } from '../../response.js'
import { proveFirst } from '../account-changes.js'

const mayWhat = (context: Context, signedIn: SignedIn | null): ReturnType<typeof administrationFor> =>
  administrationFor(policyOf(context), signedIn, nowOf(context))

/** For administrators who gave two factors. To everybody else there is nothing here, signed in or not. */
export const forAdministrators =
  (handler: (context: SignedInContext) => Promise<HttpResponse>): Handler =>
  async (context) => {
    const signedIn = await signedInOf(context)
    return signedIn === null || mayWhat(context, signedIn) === 'nothing'
      ? refusalPage(context, 'not-found')
      : handler(asSignedIn(context, signedIn))
  }

/** Pages of a change are shown to somebody who may make it just now. */
export const freshly = (handler: (context: SignedInContext) => Promise<HttpResponse>): Handler =>
  forAdministrators(async (context) =>
    mayWhat(context, context.signedIn) === 'change'
      ? handler(context)
      : proveFirst(context, withQuery(context)),
  )

const withQuery = ({ request }: SignedInContext): string =>
  request.query === '' ? request.path : `${request.path}?${request.query}`

/** What was typed comes along, so that nothing is lost on the way to a fresh proof. */
const longestTyped = 1500

export const adminForm = (
  handler: (context: SignedInContext & FormContext) => Promise<HttpResponse>,
): Handler => {
  const whenSignedIn = signedInForm(async (context) => {
    const may = mayWhat(context, context.signedIn)
    if (may === 'nothing') return refusalPage(context, 'not-found')
    if (may === 'change') return handler(context)
    const typed = [...context.query, ...context.form]
      .map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`)
      .join('&')
    const isKept = typed !== '' && typed.length <= longestTyped
    return proveFirst(context, isKept ? `${context.request.path}?${typed}` : withQuery(context))
  })
  return (context) => forAdministrators(() => whenSignedIn(context))(context)
}

export const actorOf = (context: SignedInContext): Actor =>
  actingAs(context.signedIn, browserOf(context).client)

export const doneAt = (context: SignedInContext, path: string, notice: Notice): HttpResponse =>
  withNotice(context, seeOther(context.services.site.base + path), notice)
