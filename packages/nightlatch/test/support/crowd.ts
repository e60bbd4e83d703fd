import { ourOtp } from '../../src/core/factors/totp/store.js'
import { Totp } from '@nightlatch/otp'
import { openNightlatch, type OpenNightlatch } from '../../src/compose/open.js'
import { readSettings } from '../../src/config/read.js'
import { addAccount } from '../../src/core/accounts/administration.js'
import { sealContext } from '../../src/core/factors/totp/verify.js'
import type { AuthenticatorId } from '../../src/core/ids.js'
import { newId } from '../../src/core/ids.js'
import { quickArgon2, testPassword } from './app.js'

/** Somebody with an authenticator app, made past the pages. */
export interface Member {
  readonly username: string
  readonly totp: Totp
}

/** Many people at once in a database that servers with these settings use. */
export async function makeCrowd(env: Record<string, string>, count: number): Promise<Member[]> {
  const read = readSettings({ env })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  const nightlatch = await openNightlatch(read.settings, { unsafeArgon2Setting: quickArgon2 })
  const people: Member[] = []
  for (let number = 0; number < count; number += 1)
    people.push(await makeMember(nightlatch, `person${number}`))
  await nightlatch.close()
  return people
}

async function makeMember({ core, storage }: OpenNightlatch, username: string): Promise<Member> {
  const wish = { password: testPassword, unsafeExemptFromPolicy: true }
  const added = await addAccount(core, { username, admin: false }, wish)
  if (added.kind !== 'added') throw new Error(added.kind)
  const { id: account } = added.account
  const secret = core.platform.randomBytes(20)
  const id = newId<AuthenticatorId>(core.platform.randomBytes)
  await storage.atomically(async (stores) => {
    await stores.accounts.countFactorUp(account, 'totp', 'first')
    const sealed = core.box.seal(secret, sealContext({ id, account }))
    const times = {
      ...ourOtp,
      issuer: null,
      entryNumber: 1,
      createdAt: core.platform.nowSeconds(),
      lastUsedAt: 0,
    }
    await stores.authenticators.add({ id, account, name: 'Phone', sealed, lastStep: -1, ...times })
  })
  return { username, totp: new Totp({ secret }) }
}
