/** Accounts that have been through their set-up, with an authenticator whose key is known here. */
import { ourOtp } from '../../../packages/nightlatch/dist/core/factors/totp/store.js'
import { encodeBase32, generateSecret } from '@nightlatch/otp'
import { newAccount } from '../../../packages/nightlatch/dist/core/sign-in/password-check.js'
import { Secret } from '../../../packages/nightlatch/dist/core/secret.js'

/** @returns {Promise<{ username: string, key: string, account: any }[]>} */
export async function enrol({ core, storage }, count, prefix = 'person') {
  const passwordHash = await core.passwords.hash(new Secret('correct horse battery'))
  const made = []
  await storage.atomically(async (stores) => {
    for (let number = 0; number < count; number += 1) {
      const profile = { username: `${prefix}${number}`, name: '', email: '', groups: [] }
      const account = { ...newAccount(core, profile), passwordHash, factorCounts: { totp: 1 } }
      await stores.accounts.add({ account, loginNames: [profile.username] })
      const secret = generateSecret()
      const id = account.id
      const sealed = core.box.seal(secret, `totp:${account.id}:${id}`)
      await stores.authenticators.add({
        id,
        account: account.id,
        name: 'Phone',
        createdAt: 0,
        lastUsedAt: 0,
        sealed,
        lastStep: -1,
        ...ourOtp,
        issuer: null,
        entryNumber: 1,
      })
      made.push({ username: profile.username, key: encodeBase32(secret), account })
    }
  })
  return made
}
