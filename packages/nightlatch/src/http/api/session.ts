import {
  endOtherSessions,
  endSession as end,
  liveSessions,
  signOut as leave,
} from '../../core/sessions/session-lifetime.js'
import type { SessionId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { Session } from '../../core/sessions/session.js'
import { stepUp } from '../../core/sessions/reauthenticate.js'
import type { HttpResponse } from '../request.js'
import { gone, sessionCookies } from '../pages/sign-in.js'
import { deviceName } from '../user-agent.js'
import { browserOf } from '../context.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { apiFactors, secondOf } from './factors.js'
import { refuse } from '../refuse.js'
import { busy, wait } from './refusals.js'
import { sessionView } from '../session-view.js'
import { isoTime } from '../../shared/time.js'

function session({ services, signedIn }: Call<'session'>): Promise<HttpResponse> {
  const { session: cache } = services.responseCaches
  const shown = (): HttpResponse => {
    const view = sessionView(signedIn)
    return reply('session', { ...view, factors: [...view.factors] })
  }
  const answer = cache.of(signedIn) ?? cache.keep(signedIn, shown())
  return Promise.resolve(answer)
}

async function signOut(call: Call<'signOut'>): Promise<HttpResponse> {
  await leave(call.services.core, call.signedIn, browserOf(call).client)
  return reply('signOut', null, { cookies: gone(call), headers: { 'clear-site-data': '"cache"' } })
}

async function proveAgain(call: Call<'proveAgain'>): Promise<HttpResponse> {
  const { services, signedIn, body } = call
  const second = secondOf(body, call)
  if (second.kind === 'several') {
    const { member, beside } = second
    const errors = [{ pointer: `/${member}`, detail: `must not be there beside \`${beside}\`` }]
    return refuse('invalid-body', { members: { errors } })
  }
  if (body.password === undefined && second.kind !== 'passkey') return passwordMissing()
  const browser = browserOf(call)
  const password = body.password ?? ''
  const outcome = await stepUp(services.core, { signedIn, browser, password, second })
  services.metrics.step('step-up', outcome.kind)
  switch (outcome.kind) {
    case 'proven': {
      const cookies = sessionCookies(call, outcome)
      return reply('proveAgain', { verifiedAt: isoTime(outcome.session.verifiedAt) }, { cookies })
    }
    case 'wrong-password':
      return refuse('wrong-password')
    case 'password-due':
      return passwordMissing()
    case 'busy':
      return busy()
    case 'over':
      return refuse('not-signed-in')
    case 'wait':
      return wait(call, outcome.untilSeconds)
    default:
      return apiFactors[second.kind].refuse(call, outcome)
  }
}

const passwordMissing = (): HttpResponse =>
  refuse('invalid-body', { members: { errors: [{ pointer: '/password', detail: 'is missing' }] } })

async function sessions({ services, signedIn }: Call<'sessions'>): Promise<HttpResponse> {
  const live = await liveSessions(services.core, signedIn.account)
  return reply('sessions', {
    sessions: live.map((one) => ({ ...describeSession(one), current: one.id === signedIn.session.id })),
  })
}

export const describeSession = (one: Session) => ({
  id: one.id,
  device: deviceName(one.userAgent),
  address: one.address,
  factors: [...one.factors],
  signedInAt: isoTime(one.signedInAt),
  lastSeenAt: isoTime(Math.max(one.lastSeenAt, one.signedInAt)),
  expiresAt: isoTime(one.expiresAt),
})

async function endOthers(call: Call<'endOtherSessions'>): Promise<HttpResponse> {
  const ended = await endOtherSessions(call.services.core, call.signedIn, browserOf(call).client)
  return ended === null ? refuse('not-signed-in') : reply('endOtherSessions', null)
}

async function endSession(call: Call<'endSession'>): Promise<HttpResponse> {
  const { services, signedIn } = call
  const id = parseId<SessionId>(call.id)
  const ended = id !== null && (await end(services.core, { signedIn, id, client: browserOf(call).client }))
  if (!ended) return refuse('not-found')
  return reply('endSession', null, id === signedIn.session.id ? { cookies: gone(call) } : {})
}

export const sessionHandlers: Handlers<
  'session' | 'signOut' | 'proveAgain' | 'sessions' | 'endOtherSessions' | 'endSession'
> = { session, signOut, proveAgain, sessions, endOtherSessions: endOthers, endSession }
