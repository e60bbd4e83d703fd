import { inviteAccount } from '../../../core/accounts/administration.js'
import type { EditPersonView, Problem } from '../../../pages/index.js'
import { addPersonPage, editProblems } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { deliveryView, handOver, isByMail, linkOf } from './delivery.js'
import { actorOf, adminForm, freshly } from './guard.js'
import { endOf, isKeptElsewhere, ownEdit, refusedField, typedFrom } from './person.js'

const nobody: EditPersonView['typed'] = {
  username: '',
  name: '',
  email: '',
  emailVerified: false,
  groups: '',
  admin: false,
  ends: '',
}

/** Where an application keeps the accounts nobody is added here. */
const ownAccounts =
  <C extends SignedInContext>(
    handler: (context: C) => HttpResponse | Promise<HttpResponse>,
  ): ((context: C) => Promise<HttpResponse>) =>
  async (context) =>
    isKeptElsewhere(context) ? refusalPage(context, 'not-found') : handler(context)

export const getAddPerson: Handler = freshly(
  ownAccounts(async (context) => {
    const { query: given } = context
    const typed = given.size === 0 ? nobody : typedFrom(given)
    const view = { typed, isFilledIn: given.size > 0, delivery: await deliveryView(context, { given }) }
    return page(addPersonPage(siteOf(context, context.signedIn), view))
  }),
)

export const postAddPerson: Handler = adminForm(
  ownAccounts(async (context) => {
    const typed = typedFrom(context.form)
    const { form: given } = context
    const again = async (problem: Problem): Promise<HttpResponse> => {
      const view = { typed, problems: [problem], delivery: await deliveryView(context, { given }) }
      return page(addPersonPage(siteOf(context, context.signedIn), view), {
        status: statusOf('invalid-body'),
      })
    }
    const endsAt = endOf(context, typed)
    if (endsAt === 'bad') return again({ key: 'other', field: 'ends', text: editProblems['bad-end'] })
    const input = { ...ownEdit(typed), username: typed.username, admin: typed.admin, endsAt }
    const byMail = await isByMail(context, { given, to: typed.email })
    const invited = await inviteAccount(context.services.core, input, { ...actorOf(context), byMail })
    if (invited.kind === 'refused') return again(refusedField(invited.why))
    return handOver(context, invited.account, linkOf(context, invited, byMail))
  }),
)
