import type { SecretBox } from '../../keys/secret-box.js'
import type { Stores } from '../../ports/stores.js'
import type { AuthenticatorSecret } from './store.js'
import { tokenContext } from './tokens/store.js'
import { sealContext } from './verify.js'

/** Seals up to `limit` secrets anew under the newest key, of authenticators and of tokens. @returns how many were done */
export const resealSome = async (box: SecretBox, stores: Stores, limit: number): Promise<number> =>
  (await resealAuthenticators(box, stores, limit)) + (await resealTokens(box, stores, limit))

async function resealTokens(box: SecretBox, { hardwareTokens }: Stores, limit: number): Promise<number> {
  let done = 0
  let some = await hardwareTokens.listNotSealedUnder(box.keyId, limit)
  while (done === 0 && some.length > 0) {
    for (const { key, sealed } of some) {
      const opened = box.open(sealed, tokenContext(key))
      if (opened.kind === 'refused') continue
      const to = box.seal(opened.plain, tokenContext(key))
      if (await hardwareTokens.reseal(key, { from: sealed, to })) done += 1
    }
    some = await hardwareTokens.listNotSealedUnder(box.keyId, limit, some.at(-1))
  }
  return done
}

async function resealAuthenticators(box: SecretBox, stores: Stores, limit: number): Promise<number> {
  const { authenticators } = stores
  let done = 0
  let some = await authenticators.listNotSealedUnder(box.keyId, limit)
  // Those that no key at hand opens stay as they are for good: they must not be in the way of the others.
  while (done === 0 && some.length > 0) {
    for (const secret of some) if (await reseal(box, stores, secret)) done += 1
    some = await authenticators.listNotSealedUnder(box.keyId, limit, some.at(-1))
  }
  return done
}

async function reseal(box: SecretBox, stores: Stores, secret: AuthenticatorSecret): Promise<boolean> {
  const opened = box.open(secret.sealed, sealContext(secret))
  if (opened.kind === 'refused') return false
  const to = box.seal(opened.plain, sealContext(secret))
  return stores.authenticators.reseal(secret.id, { from: secret.sealed, to })
}
