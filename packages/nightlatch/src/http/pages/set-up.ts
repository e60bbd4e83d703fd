import { mayReadCodes } from '../../core/accounts/changes.js'
import type { AuthenticatorId } from '../../core/ids.js'
import type { SetUpOutcome } from '../../core/factors/totp/confirm.js'
import { confirmSetUp } from '../../core/factors/totp/confirm.js'
import type { SetUpOwner, SetUpRefusal } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { countOf } from '../../core/factors/registry.js'
import type { PendingSetUp } from '../../core/factors/totp/set-up.js'
import { beginSetUp, findSetUp, maySetUp } from '../../core/factors/totp/set-up.js'
import { findUnsavedCodes, forgetUnsavedCodes } from '../../core/factors/recovery-codes/set-up.js'
import { longestAuthenticatorName, setUpSeconds } from '../../core/factors/totp/store.js'
import type { Problem, RecoveryCodesView } from '../../pages/index.js'
import {
  qrSvg,
  qrSvgDocument,
  recoveryCodesFileName,
  recoveryCodesPage,
  recoveryCodesText,
  setupPage,
} from '../../pages/index.js'
import { bytes, page, seeOther, withCookies } from '../response.js'
import type { Answer } from '../request.js'
import { codeProblem, lockedUntil } from './code-problems.js'
import { destinationField, destinationOf, stepTo } from './destination.js'
import {
  afterSignIn,
  busy,
  form,
  forSignedIn,
  message,
  signedInForm,
  signInIsOver,
  takeNotice,
  withNotice,
} from '../guards.js'
import { qrModules, qrPng } from './qr.js'
import { nextStepPath } from './factors.js'
import { sessionCookies } from './sign-in.js'
import type { FormVisit, Handler, SignedInVisit, Visit } from '../context.js'
import { browserOf, nowOf, signedInOf, signingInOf, siteOf } from '../context.js'

/** Whoever may set up: a sign-in in progress counts before a session of the same browser. */
export async function setUpOwner(visit: Visit): Promise<SetUpOwner | null> {
  const signingIn = await signingInOf(visit)
  if (signingIn !== null && !hasSecondFactor(signingIn.account)) return { kind: 'sign-in', ...signingIn }
  const signedIn = await signedInOf(visit)
  if (signedIn !== null) return { kind: 'session', signedIn, account: signedIn.account }
  return signingIn === null ? null : { kind: 'sign-in', ...signingIn }
}

/** Whoever has to set up for a page of an application comes here with its address, and is back at it afterwards. */
export const getSetUp: Handler = async (visit) => {
  const next = visit.doors.nextOf(visit.query.get('next'))
  const answer = await openSetUp(visit)
  return next === null ? answer : withCookies(answer, [stepTo(visit.doors, '', next).cookie])
}

async function openSetUp(visit: Visit): Promise<Answer> {
  const owner = await setUpOwner(visit)
  if (owner === null) return signInIsOver(visit)
  const pending = await beginSetUp(visit.doors.core, owner)
  if (pending.kind === 'not-now') return notNow(visit, owner, { why: pending.why })
  const isNew = nowOf(visit) - pending.setUp.createdAt <= 1
  const problems: Problem[] = isNew && visit.query.has('anew') ? [{ key: 'setup-expired' }] : []
  return page(await showSetUp(visit, owner, { pending, problems }), { leadsTo: destinationOf(visit) })
}

/** A sign-in with a second factor has a code to give; a session that is not fresh is asked to prove itself. */
function notNow(
  visit: Visit,
  owner: SetUpOwner,
  { why, query = '' }: { why: SetUpRefusal['why']; query?: string },
): Answer {
  const { base } = visit.doors.site
  if (owner.kind === 'sign-in') return seeOther(nextStepPath(visit, owner.account))
  if (why === 'which-one') return seeOther(`${base}/account/change-phone`)
  if (why === 'too-many') return seeOther(`${base}/account`)
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(`${base}/mfa/setup${query}`)}`)
}

interface Shown {
  readonly pending: PendingSetUp
  readonly name?: string
  readonly problems?: readonly Problem[]
}

async function showSetUp(visit: Visit & Partial<FormVisit>, owner: SetUpOwner, shown: Shown) {
  const { core, site } = visit.doors
  const { pending } = shown
  const replaces = await nameOf(visit, owner, pending.setUp.replaces)
  return setupPage(siteOf(visit, owner.kind === 'session' ? owner.signedIn : undefined), {
    issuer: core.policy.issuer,
    account: pending.label,
    key: pending.key,
    uri: pending.uri,
    qr: qrSvg(qrModules(pending.uri)),
    name: shown.name ?? pending.setUp.name,
    next: destinationField(visit),
    required: core.policy.mfa === 'required',
    another: countOf(owner.account, 'totp') > 0,
    cancelHref: owner.kind === 'session' ? `${site.base}/account` : undefined,
    replaces,
    problems: shown.problems ?? [],
  })
}

async function nameOf(
  visit: Visit,
  owner: SetUpOwner,
  id: AuthenticatorId | '',
): Promise<string | undefined> {
  if (id === '') return undefined
  const all = await visit.doors.core.storage.stores.authenticators.listOf(owner.account.id)
  return all.find((one) => one.id === id)?.name
}

export const postSetUp: Handler = form(async (visit) => {
  const owner = await setUpOwner(visit)
  if (owner === null) return signInIsOver(visit)
  const outcome = await confirmSetUp(visit.doors.core, owner, {
    code: visit.form.get('otp') ?? '',
    name: visit.form.get('name') ?? '',
    browser: browserOf(visit),
  })
  visit.doors.metrics.step('set-up', outcome.kind)
  if (outcome.kind !== 'confirmed') return refused(visit, owner, outcome)
  return confirmed(visit, outcome)
})

function confirmed(visit: FormVisit, outcome: SetUpOutcome & { kind: 'confirmed' }): Answer {
  const key = outcome.replaced === null ? 'authenticator-added' : 'phone-changed'
  const { base } = visit.doors.site
  const cookies = sessionCookies(visit, outcome.signedIn)
  if (outcome.recoveryCodes.length > 0) {
    const step = stepTo(visit.doors, `${base}/mfa/recovery-codes`, destinationOf(visit))
    return seeOther(step.location, { cookies: [...cookies, step.cookie] })
  }
  return withNotice(visit, seeOther(`${base}/account`, { cookies }), { key })
}

type Refused = Exclude<SetUpOutcome, { kind: 'confirmed' }>

async function refused(visit: FormVisit, owner: SetUpOwner, outcome: Refused): Promise<Answer> {
  if (outcome.kind === 'busy') return busy(visit)
  if (outcome.kind === 'over') return signInIsOver(visit)
  const refusal = outcome.kind === 'no-set-up' ? maySetUp(visit.doors.core, owner) : null
  if (refusal !== null) return notNow(visit, owner, { why: refusal.why, query: '?anew' })
  if (outcome.kind === 'no-set-up' && (await wasJustAdded(visit, owner))) return addedElsewhere(visit, owner)
  const pending = await beginSetUp(visit.doors.core, owner)
  if (pending.kind === 'not-now') return notNow(visit, owner, { why: pending.why, query: '?anew' })
  const { status, problem } = setUpProblem(visit, outcome)
  const name = (visit.form.get('name') ?? '').slice(0, 100)
  const shown = await showSetUp(visit, owner, { pending, name, problems: [problem] })
  const leadsTo = destinationOf(visit)
  return page(shown, { status, headers: lockedUntil(outcome, nowOf(visit)), leadsTo })
}

/**
 * No set-up is pending and there is an authenticator younger than one lasts: it was confirmed meanwhile. Whoever may
 * not set up at all is told that instead.
 */
async function wasJustAdded(visit: Visit, owner: SetUpOwner): Promise<boolean> {
  if (maySetUp(visit.doors.core, owner) !== null) return false
  const all = await visit.doors.core.storage.stores.authenticators.listOf(owner.account.id)
  return all.some((one) => nowOf(visit) - one.createdAt < setUpSeconds)
}

/** The same form in another window was faster: on to what follows it. */
async function addedElsewhere(visit: Visit, owner: SetUpOwner): Promise<Answer> {
  const { core, site } = visit.doors
  const session = owner.kind === 'session' ? owner.signedIn.session.id : null
  const codes = session === null ? null : await findUnsavedCodes(core, session)
  if (codes !== null) return seeOther(`${site.base}/mfa/recovery-codes`)
  return withNotice(visit, seeOther(`${site.base}/account`), { key: 'authenticator-added' })
}

function setUpProblem(
  visit: FormVisit,
  outcome: Exclude<Refused, { kind: 'busy' | 'over' }>,
): { status: number; problem: Problem } {
  switch (outcome.kind) {
    case 'no-set-up':
      return { status: 422, problem: { key: 'setup-expired' } }
    case 'bad-name':
      return { status: 422, problem: nameProblem(outcome.why, visit.form.get('name') ?? '') }
    case 'wrong':
      return { status: 401, problem: wrongCode(outcome.driftSeconds) }
    default: {
      const refused = codeProblem(outcome, { nowSeconds: nowOf(visit), recovery: false })
      return { ...refused, problem: withoutRecovery(refused.problem) }
    }
  }
}

/** Who sets up may have no recovery codes yet, and this page leads to no box for one. */
function withoutRecovery(problem: Problem): Problem {
  if (problem.key === 'code-locked') return { key: 'too-many', wait: problem.wait }
  if (problem.key === 'code-blocked') return { key: 'setup-blocked' }
  return problem.key === 'code-looks-like-recovery' ? { key: 'code-letters', field: 'otp' } : problem
}

const wrongCode = (driftSeconds: number | null): Problem =>
  driftSeconds === null
    ? { key: 'setup-code-wrong', field: 'otp' }
    : {
        key: 'code-drift',
        field: 'otp',
        seconds: Math.abs(driftSeconds),
        direction: driftSeconds > 0 ? 'fast' : 'slow',
      }

export function nameProblem(why: 'empty' | 'too-long' | 'not-allowed' | 'taken', name: string): Problem {
  if (why === 'taken') return { key: 'name-taken', field: 'name', name: name.trim() }
  if (why === 'too-long') return { key: 'name-long', field: 'name', max: longestAuthenticatorName }
  return { key: 'name-empty', field: 'name' }
}

/** The QR code as a picture, for the same person and while the set-up is pending; nothing at any other time. */
const qrAnswer =
  (draw: (uri: string) => Answer): Handler =>
  async (visit) => {
    const owner = await setUpOwner(visit)
    const pending = owner === null ? null : await findSetUp(visit.doors.core, owner)
    return pending === null ? message(visit, 404, { key: 'not-found' }) : draw(pending.uri)
  }

export const getQrPng: Handler = qrAnswer((uri) => bytes('image/png', qrPng(uri)))
export const getQrSvg: Handler = qrAnswer((uri) => bytes('image/svg+xml', qrSvgDocument(qrModules(uri))))

/** To the page that asks for a fresh proof, and back to the codes. */
function proveFirst(visit: Visit): Answer {
  const { base } = visit.doors.site
  return seeOther(`${base}/account/confirm?next=${encodeURIComponent(`${base}/mfa/recovery-codes`)}`)
}

const codesView = (
  visit: SignedInVisit & Partial<FormVisit>,
  codes: readonly string[],
): RecoveryCodesView => ({
  codes,
  account: visit.signedIn.account.username,
  next: destinationField(visit),
  instance: visit.doors.site.name,
  host: visit.doors.core.policy.host,
  madeAtSeconds: nowOf(visit),
  downloadHref: `${visit.doors.site.base}/mfa/recovery-codes/download`,
})

export const getRecoveryCodes: Handler = forSignedIn(async (visit) => {
  const codes = await findUnsavedCodes(visit.doors.core, visit.signedIn.session.id)
  if (codes === null) return seeOther(`${visit.doors.site.base}/account`)
  if (!mayReadCodes(visit.doors.core, visit.signedIn)) return proveFirst(visit)
  const { notice, cookies } = takeNotice(visit)
  return page(recoveryCodesPage(siteOf(visit, visit.signedIn), { ...codesView(visit, codes), notice }), {
    cookies,
    leadsTo: destinationOf(visit),
  })
})

export const getRecoveryCodesFile: Handler = forSignedIn(async (visit) => {
  const codes = await findUnsavedCodes(visit.doors.core, visit.signedIn.session.id)
  if (codes === null) return message(visit, 404, { key: 'not-found' })
  if (!mayReadCodes(visit.doors.core, visit.signedIn)) return proveFirst(visit)
  const view = codesView(visit, codes)
  const headers = { 'content-disposition': `attachment; filename="${recoveryCodesFileName(view)}"` }
  return bytes('text/plain; charset=utf-8', recoveryCodesText(view), { headers })
})

export const postRecoveryCodes: Handler = signedInForm(async (visit) => {
  const { core, cookies } = visit.doors
  const codes = await findUnsavedCodes(core, visit.signedIn.session.id)
  if (codes !== null && visit.form.get('saved') !== 'yes') {
    if (!mayReadCodes(core, visit.signedIn)) return proveFirst(visit)
    const problems: Problem[] = [{ key: 'not-saved', field: 'saved' }]
    const view = { ...codesView(visit, codes), problems }
    const shown = recoveryCodesPage(siteOf(visit, visit.signedIn), view)
    return page(shown, { status: 422, leadsTo: destinationOf(visit) })
  }
  await forgetUnsavedCodes(core, visit.signedIn.session.id)
  return seeOther(afterSignIn(visit), { cookies: [cookies.clear('next')] })
})
