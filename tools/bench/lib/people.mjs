/** Accounts that have been through their set-up, with an authenticator whose key is known here. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
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
        drift: 0,
        serial: null,
      })
      made.push({ username: profile.username, key: encodeBase32(secret), account })
    }
  })
  return made
}

/**
 * A passkey for each, beside the app. All of them sign with one key: nobody looks for that.
 * @returns {Promise<{ privateKey: string, holders: { credentialId: string, userHandle: string }[] }>} PKCS #8, PEM
 */
export async function addPasskeys({ core, storage }, people) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url')
  const holders = []
  await storage.atomically(async (stores) => {
    for (const { account } of people) {
      const credentialId = randomBytes(32).toString('base64url')
      await stores.passkeys.add({
        ...{
          id: account.id,
          account: account.id,
          name: 'Laptop',
          createdAt: 0,
          lastUsedAt: 0,
          entryNumber: 1,
          drift: 0,
          serial: null,
        },
        ...{
          credentialId,
          publicKey: { algorithm: -7, spki },
          signCount: 0,
          rpId: core.policy.passkeys.rpId,
        },
        ...{ transports: ['internal'], aaguid: '0'.repeat(32), verifiesUser: true },
        ...{ backupEligible: false, backedUp: false },
      })
      await stores.accounts.countFactorUp(account.id, 'passkey', { atMost: 20 })
      const fresh = randomBytes(64).toString('base64url')
      holders.push({ credentialId, userHandle: await stores.passkeys.userHandleOf(account.id, fresh) })
    }
  })
  return { privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }), holders }
}
