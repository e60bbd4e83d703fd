import { asciiBytes, asciiText } from '../../text.js'
import type { Core } from '../../core.js'
import type { AccountId, SessionId } from '../../ids.js'
import { newRecoveryCodes } from './store.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'

/** A new set, hashed before the transaction that keeps it: hashing takes time. */
export interface PreparedCodes {
  readonly salt: string
  readonly hashes: readonly string[]
  readonly shown: readonly string[]
}

export async function prepareRecoveryCodes(core: Core): Promise<PreparedCodes | 'busy'> {
  const { codes, shown, salt } = newRecoveryCodes(core.platform, core.policy.recoveryCodes.count)
  const hashes = await core.passwords.hashAll(codes, salt, 'later')
  return hashes === 'busy' ? 'busy' : { salt, hashes, shown }
}

const context = (session: SessionId): string => `unsaved-codes:${session}`

/**
 * Replaces the account's set; the plain codes lie sealed beside the session until it says that they are saved. Where other
 * sessions may still have codes to save, they are removed first.
 */
export async function keepNewCodes(
  core: Core,
  stores: Stores,
  given: { account: AccountId; session: SessionId; codes: PreparedCodes },
): Promise<void> {
  const { account, session, codes } = given
  const place = context(session)
  const sealed = core.box.seal(asciiBytes(codes.shown.join('\n')), place)
  await stores.recoveryCodes.replaceAll(account, codes)
  await stores.unsavedCodes.put(session, account, sealed)
}

/** The codes that this session has yet to save, or null when there are none to show. */
export async function findUnsavedCodes(core: Core, session: SessionId): Promise<readonly string[] | null> {
  const sealed = await core[storage].stores.unsavedCodes.find(session)
  if (sealed === null) return null
  const opened = core.box.open(sealed, context(session))
  return opened.kind === 'opened' ? asciiText(opened.plain).split('\n') : null
}

/** The person has them: they are never shown again. */
export async function forgetUnsavedCodes(core: Core, session: SessionId): Promise<boolean> {
  return core[storage].stores.unsavedCodes.remove(session)
}
