import { noClient, note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { minute } from '../ports/platform.js'
import { storage } from '../ports/stores.js'
import type { Application } from './application.js'
import type { LogoutNotice } from './tokens.js'

/** Until the next try: five in all. */
const waits = [5, minute / 2, 2 * minute, 10 * minute] as const
const atOnce = 20

/** Tells one application. False when it did not take it. */
export type TellLogout = (application: Application, notice: LogoutNotice) => Promise<boolean>

/**
 * Tells applications that sessions have ended (OpenID Connect Back-Channel Logout 1.0), each at most five times. Whoever
 * signs out never waits for it. @returns how many were told
 */
export async function tellLogouts(core: Core, tell: TellLogout): Promise<number> {
  const { grants } = core[storage].stores
  const due = await grants.listNotices(core.platform.nowSeconds(), atOnce)
  const told = await Promise.all(due.map((notice) => tellOne(core, notice, tell)))
  return told.filter(Boolean).length
}

async function tellOne(core: Core, notice: LogoutNotice, tell: TellLogout): Promise<boolean> {
  const { stores } = core[storage]
  const now = core.platform.nowSeconds()
  const wait = waits[notice.tries]
  if (!(await stores.grants.claimNotice(notice, now + (wait ?? minute)))) return false
  const application = await stores.applications.find(notice.application)
  const isTold = application !== null && (await tell(application, notice))
  if (!isTold && application !== null && wait !== undefined) return false
  await stores.grants.removeNotice(notice)
  if (!isTold && application !== null)
    await note(core, stores, {
      event: 'application.sign-out-not-told',
      account: notice.account,
      client: noClient,
      details: { application: notice.application, tries: notice.tries + 1 },
    })
  return isTold
}
