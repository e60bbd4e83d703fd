import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'

async function testMail({ services: { tryMail }, signedIn }: Call<'testMail'>): Promise<HttpResponse> {
  const to = signedIn.account.email
  if (tryMail === null) return refuse('no-mail-server')
  if (to === '') return refuse('no-own-address')
  const trial = await tryMail(to)
  if (trial.kind === 'sent') return reply('testMail', { to })
  const { stage, reason } = trial
  return refuse('mail-failed', { members: { stage, reason } })
}

export const mailHandlers: Handlers<'testMail'> = { testMail }
