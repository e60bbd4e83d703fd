import { giveToken, takeTokenBack, type TokenRefusal } from '../../core/factors/totp/tokens/assign.js'
import { addTokens, planTokens, removeToken } from '../../core/factors/totp/tokens/drawer.js'
import { tokenSaidOf } from '../../core/factors/totp/tokens/said.js'
import type { HeldToken, SerialKey } from '../../core/factors/totp/tokens/store.js'
import { parseSerial } from '../../core/factors/totp/tokens/store.js'
import type { AccountId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import { isoTime } from '../../shared/time.js'
import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import { actorOf } from './admin-people.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import type { ValueOf } from './endpoints.js'
import { refuseCode } from './refusals.js'

/** Never a secret. */
const describe = (one: HeldToken): ValueOf<'tokens'>['tokens'][number] => ({
  serial: one.serial,
  maker: one.maker,
  type: one.counter === null ? 'totp' : 'hotp',
  algorithm: one.algorithm,
  digits: one.digits,
  period: one.counter === null ? one.period : null,
  addedAt: isoTime(one.addedAt),
  holder: one.holder === null ? null : { id: one.holder.account, username: one.holder.username },
})

const usualLimit = 50

async function tokens(call: Call<'tokens'>): Promise<HttpResponse> {
  const { after, limit } = call.asked
  const most = limit === undefined ? usualLimit : Number(limit)
  const from = parseSerial(after ?? '')?.key ?? ''
  const found = await call.services.core.queries.hardwareTokens.list(from, most + 1)
  const page = found.slice(0, most)
  const next = found.length > most ? (page.at(-1)?.serial ?? null) : null
  return reply('tokens', { tokens: page.map(describe), next })
}

interface TokenProblemSaid {
  readonly at: number
  readonly reason: string
}

const refuseTokens = (problems: readonly TokenProblemSaid[]): HttpResponse =>
  refuse('bad-token', {
    members: {
      reason: problems[0]?.reason ?? '',
      errors: problems.map(({ at, reason }) => ({ pointer: `/tokens/${String(at)}`, detail: reason })),
    },
  })

/** All of them, or none. */
async function add(call: Call<'addTokens'>): Promise<HttpResponse> {
  const { core } = call.services
  const read = call.body.tokens.map((one, index) => tokenSaidOf(one, String(index)))
  const unread = read.flatMap((one, at) => (typeof one === 'string' ? [{ at, reason: one }] : []))
  if (unread.length > 0) return refuseTokens(unread)
  const said = read.flatMap((one) => (typeof one === 'string' ? [] : [one]))
  const plan = await planTokens(core, said, call.body.onConflict ?? 'stop')
  if (plan.kind === 'refused')
    return refuseTokens(plan.problems.map(({ place, why }) => ({ at: Number(place), reason: why })))
  if ((await addTokens(core, plan.tokens, actorOf(call))) !== 'added')
    return refuseTokens([{ at: 0, reason: 'serial-taken' }])
  const added = plan.tokens.filter(({ action }) => action === 'add').length
  return reply('addTokens', { added, skipped: plan.tokens.length - added })
}

async function remove(call: Call<'removeToken'>): Promise<HttpResponse> {
  const { core } = call.services
  const key = parseSerial(call.id)?.key
  const found = key === undefined ? null : await core.queries.hardwareTokens.find(key)
  if (key === undefined || found === null) return refuse('not-found')
  return (await removeToken(core, key, actorOf(call))) ? reply('removeToken', null) : refuse('token-in-use')
}

function refuseToken(call: Call<'giveToken'>, refusal: TokenRefusal): HttpResponse {
  if (refusal.kind === 'no-serial') return refuse('bad-token', { members: { reason: 'bad-serial' } })
  return refuseCode(call, refusal.kind === 'wrong' ? { kind: 'wrong', failures: 0 } : refusal)
}

/** Whoever has it in their hand reads two codes in a row to the administrator. */
async function give(call: Call<'giveToken'>): Promise<HttpResponse> {
  const { core } = call.services
  const account = await personOf(call)
  if (account === null) return refuse('not-found')
  const { serial, otp, nextOtp } = call.body
  const outcome = await giveToken(core, { account, serial, codes: [otp, nextOtp] }, actorOf(call))
  switch (outcome.kind) {
    case 'given':
      return reply('giveToken', { serial: outcome.name })
    case 'closed':
      return refuse('account-closed')
    case 'too-many':
      return refuse('too-many-authenticators')
    default:
      return refuseToken(call, outcome)
  }
}

async function personOf({ services, id: text }: Call<'giveToken'> | Call<'takeToken'>) {
  const id = parseId<AccountId>(text)
  return id === null ? null : services.core.queries.accounts.find(id)
}

async function take(call: Call<'takeToken'>): Promise<HttpResponse> {
  const { core } = call.services
  const key: SerialKey | undefined = parseSerial(call.body.serial)?.key
  const [account, token] = [
    await personOf(call),
    key === undefined ? null : await core.queries.hardwareTokens.find(key),
  ]
  if (account === null || token === null || token.holder?.account !== account.id) return refuse('not-found')
  const outcome = await takeTokenBack(core, token.key, actorOf(call))
  if (outcome.kind === 'last-one') return refuse('last-authenticator')
  return outcome.kind === 'taken-back' ? reply('takeToken', null) : refuse('not-found')
}

export const tokenHandlers: Handlers<'tokens' | 'addTokens' | 'removeToken' | 'giveToken' | 'takeToken'> = {
  tokens,
  addTokens: add,
  removeToken: remove,
  giveToken: give,
  takeToken: take,
}
