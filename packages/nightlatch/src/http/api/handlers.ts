import type { HttpResponse } from '../request.js'
import type { Handler } from '../context.js'
import { accountHandlers } from './account.js'
import { applicationHandlers } from './admin-applications.js'
import { groupHandlers } from './admin-groups.js'
import { invitationHandlers } from './admin-invitations.js'
import { mailHandlers } from './admin-mail.js'
import { peopleHandlers } from './admin-people.js'
import { tokenHandlers } from './admin-tokens.js'
import { admit } from './admission.js'
import { authenticatorHandlers } from './authenticators.js'
import type { Handlers } from './call.js'
import { readAsked, readBody, reply } from './call.js'
import type { Endpoint } from './endpoints.js'
import { endpoints } from './endpoints.js'
import { openApiDocument } from './openapi.js'
import type { OperationId } from './operations.js'
import { passkeyHandlers } from './passkeys.js'
import { sessionHandlers } from './session.js'
import { setUpHandlers } from './set-up.js'
import { signInHandlers } from './sign-in.js'

const handlers: Handlers = {
  ...signInHandlers,
  ...sessionHandlers,
  ...authenticatorHandlers,
  ...setUpHandlers,
  ...passkeyHandlers,
  ...accountHandlers,
  ...peopleHandlers,
  ...groupHandlers,
  ...invitationHandlers,
  ...tokenHandlers,
  ...applicationHandlers,
  ...mailHandlers,
  describe: ({ services }) =>
    Promise.resolve(reply('describe', openApiDocument(services.site, services.cookies))),
}

/** Who may, then the body, then whether they still may, where it was waited for. */
export function handlerOf(id: OperationId): Handler {
  const endpoint: Endpoint = endpoints[id]
  const withBody = endpoint.body === undefined ? null : { ...endpoint, body: endpoint.body }
  // The table pairs each caller and body with its handler; past this line the compiler cannot follow the pairs.
  const handle = handlers[id] as (call: object) => Promise<HttpResponse>
  return async (context) => {
    const mayCome = await admit[endpoint.caller](context)
    if (mayCome.kind === 'refused') return mayCome.answer
    if (endpoint.asked !== undefined) {
      const asked = readAsked(endpoint.asked, context)
      return asked.kind === 'refused' ? asked.answer : handle({ ...mayCome.context, asked: asked.value })
    }
    if (withBody === null) return handle(mayCome.context)
    const { request } = context
    const isHere = request.hasArrived()
    const body = await readBody(withBody, context)
    if (body.kind === 'refused') return body.answer
    const stillMay = isHere ? mayCome : await admit[endpoint.caller](context)
    return stillMay.kind === 'refused' ? stillMay.answer : handle({ ...stillMay.context, body: body.value })
  }
}
