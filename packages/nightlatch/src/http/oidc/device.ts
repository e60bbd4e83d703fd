import { noteTurnedAway } from '../../core/applications/access.js'
import type { WaitingDevice } from '../../core/applications/device-flow.js'
import {
  allowDevice,
  denyDevice,
  findDevice,
  typeUserCode,
  whatDeviceLacks,
} from '../../core/applications/device-flow.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { Problem } from '../../pages/index.js'
import { deviceAnsweredPage, deviceCodePage, devicePage, deviceWords } from '../../pages/index.js'
import type { Context, FormContext, Handler, SignedInContext } from '../context.js'
import { browserOf, nowOf, siteOf } from '../context.js'
import { forSignedIn, signedInForm } from '../guards.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { page, retryAfter, seeOther } from '../response.js'

const ask = (
  context: SignedInContext,
  problem?: Problem,
  extra: Parameters<typeof page>[1] = { status: statusOf('invalid-body') },
): HttpResponse => {
  const view = problem === undefined ? {} : { problems: [problem] }
  return page(deviceCodePage(siteOf(context, context.signedIn), view), problem === undefined ? {} : extra)
}

/** Whatever stands in the address: the code is typed. */
export const getDevice: Handler = forSignedIn((context) => ask(context))

export const postDevice: Handler = signedInForm(async (context) => {
  const typed = (context.form.get('user_code') ?? '').slice(0, 100)
  const { signedIn } = context
  const { client } = browserOf(context)
  const outcome = await typeUserCode(context.services.core, { typed, signedIn, client })
  switch (outcome.kind) {
    case 'empty':
    case 'unknown':
      return ask(context, { key: 'other', field: 'user_code', text: deviceWords[outcome.kind] })
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(context) }
      const headers = retryAfter(wait.untilSeconds, wait.nowSeconds)
      return ask(context, { key: 'too-many', wait }, { status: statusOf('too-many-attempts'), headers })
    }
    case 'found':
      return (await inTheWay(context, outcome)) ?? show(context, outcome)
  }
})

/** What the application asks of its people is asked here as well. */
async function inTheWay(context: SignedInContext, waiting: WaitingDevice): Promise<HttpResponse | null> {
  const { signedIn, services } = context
  const { application } = waiting
  const lack = whatDeviceLacks(services.core, waiting, signedIn)
  if (lack === null) return null
  if (lack !== 'not-in-group') {
    const { base } = services.site
    const ways = {
      'second-factor': hasSecondFactor(signedIn.account) ? '/account/confirm' : '/mfa/setup',
      reauthenticate: '/account/confirm',
      passkey: '/mfa/passkey-due',
    }
    return seeOther(`${base}${ways[lack]}?next=${encodeURIComponent(`${base}/device`)}`)
  }
  await noteTurnedAway(services.core, { application, signedIn, client: browserOf(context).client })
  const problem = { key: 'other', text: deviceWords.others(application.name) } as const
  return ask(context, problem, { status: statusOf('no-access') })
}

function show(context: SignedInContext, { request, application }: WaitingDevice): HttpResponse {
  const { id, address, userAgent, startedAt: startedAtSeconds, scopes } = request
  const view = { id, address, userAgent, startedAtSeconds, scopes }
  const { username } = context.signedIn.account
  return page(
    devicePage(siteOf(context, context.signedIn), { ...view, application: application.name, username }),
  )
}

const over = (context: Context): HttpResponse =>
  refusalPage(context, 'not-found', { key: 'application-request-over' })

/** A page that was reloaded, or a sign-in in between: the code is typed once more. */
export const getAnswer: Handler = forSignedIn((context) => seeOther(`${context.services.site.base}/device`))

export const postAnswer: Handler = signedInForm(async (context: SignedInContext & FormContext) => {
  const { core } = context.services
  const id = context.form.get('request') ?? ''
  const waiting = /^[a-z2-7]{26}$/.test(id) ? await findDevice(core, id) : null
  if (waiting === null) return over(context)
  const isAllowed = context.form.get('answer') === 'allow'
  const hindrance = isAllowed ? await inTheWay(context, waiting) : null
  if (hindrance !== null) return hindrance
  const answering = { waiting, signedIn: context.signedIn, client: browserOf(context).client }
  if (!isAllowed) await denyDevice(core, answering)
  else if ((await allowDevice(core, answering)) === 'over') return over(context)
  const view = { application: waiting.application.name, isAllowed }
  return page(deviceAnsweredPage(siteOf(context, context.signedIn), view))
})
