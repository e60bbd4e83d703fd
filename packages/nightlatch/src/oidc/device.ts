import { errors } from 'oidc-provider'
import type { Adapter, Payload } from 'oidc-provider'
import { keepDeviceRequest, pollDeviceRequest, useDeviceCode } from '../core/applications/device-flow.js'
import { demandsSaid, saidIn, scopesSaid } from '../core/applications/said.js'
import type { ApplicationId } from '../core/applications/application.js'
import type { Core } from '../core/core.js'
import { exchangeNow } from './exchange.js'
import { mustBePossible } from './policy.js'

/** RFC 8628 §3.2; the library would call it an invalid request. */
function mustAllow(id: string): void {
  if (exchangeNow().applications.get(id)?.allowsDevice !== true)
    throw new errors.UnauthorizedClient('the application is not registered for screens without a keyboard')
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a screen asks with. The pages on which its person answers are ours: the library never looks for a typed code. */
export const deviceCodes = (core: Core): Partial<Adapter> => ({
  async upsert(id, { userCode, params, clientId, ...payload }) {
    const exchange = exchangeNow()
    mustAllow(String(clientId))
    const said = saidIn(params)
    mustBePossible(demandsSaid(said))
    const untilSeconds = await keepDeviceRequest(core, {
      ...{ deviceCode: id, userCode: String(userCode), application: String(clientId) as ApplicationId },
      payload: JSON.stringify({ ...payload, clientId, params, jti: undefined }),
      scopes: scopesSaid(said),
      client: exchange.request.client,
    })
    if (untilSeconds === null) return
    exchange.untilSeconds = untilSeconds
    throw new errors.SlowDown('too many screens wait at this address')
  },
  async find(id) {
    const found = await pollDeviceRequest(core, id)
    if (found === 'too-soon') throw new errors.SlowDown('ask less often: five seconds more between two times')
    // Of another application, it is none.
    if (found === null || !exchangeNow().applications.has(found.application)) return undefined
    mustAllow(found.application)
    if (found.answer === 'denied') throw new errors.AccessDenied('the person has not allowed it')
    const exp = Math.floor(Date.now() / 1000) + found.expiresAt - core.platform.nowSeconds()
    const proof = found.proof === '' ? {} : (JSON.parse(found.proof) as Payload)
    return { ...(JSON.parse(found.payload) as Payload), ...proof, jti: id, exp }
  },
  async consume(id) {
    if (!(await useDeviceCode(core, id))) throw new errors.InvalidGrant('it was used already')
  },
  async destroy() {
    // Housekeeping takes it away: until then the screen is told what became of it.
  },
})
