import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { tellLogouts } from '../core/applications/logout.js'
import type { TellLogout } from '../core/applications/logout.js'
import type { HttpLog, Services } from '../http/services.js'

const everyMs = 2000
const answerMs = 5000

/** Tells applications that sessions have ended, in the background. @returns what ends it */
export function startLogoutNotices(
  { core, provider }: Pick<Services, 'core' | 'provider'>,
  log: HttpLog,
): () => Promise<void> {
  const over = new AbortController()
  const tell: TellLogout = async (application, notice) => {
    const oidc = await provider()
    if (oidc === null) return false
    const token = await oidc.logoutToken(application, notice)
    const status = await post(application.backchannelLogoutUri, new URLSearchParams({ logout_token: token }))
    const isTold = status >= 200 && status < 300
    if (!isTold)
      log.warn('an application was not told of a sign-out', { application: application.id, status })
    return isTold
  }
  const run = async (): Promise<void> => {
    while (await sleep(everyMs, true, { signal: over.signal, ref: false }).catch(() => false))
      // The database may be away: what is to be told is still there afterwards.
      await tellLogouts(core, tell).catch(() => 0)
  }
  const ended = run()
  return async () => {
    over.abort()
    await ended
  }
}

/** @returns the status, 0 where there was no answer. Nothing of the answer is read, and nothing is followed. */
function post(uri: string, form: URLSearchParams): Promise<number> {
  const body = form.toString()
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
  }
  return new Promise((resolve) => {
    const request = uri.startsWith('https:') ? httpsRequest : httpRequest
    // Of all of it: whoever sends a letter now and then would keep the others from being told.
    const signal = AbortSignal.timeout(answerMs)
    const asked = request(uri, { method: 'POST', headers, signal, agent: false }, (response) => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    asked.on('error', () => {
      resolve(0)
    })
    asked.end(body)
  })
}
