/** Accounts that have been through their set-up, made in one go by the library's own parts. */
import { ourOtp } from '../../packages/nightlatch/dist/core/factors/totp/store.js'
import { encodeBase32, generateSecret } from '@nightlatch/otp'
import { openNightlatch } from '../../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../../packages/nightlatch/dist/config/read.js'
import { newRecoveryCodes } from '../../packages/nightlatch/dist/core/factors/recovery-codes/store.js'
import { newAccount } from '../../packages/nightlatch/dist/core/sign-in/password-check.js'
import { Secret } from '../../packages/nightlatch/dist/core/secret.js'

export const testPassword = 'correct horse battery'

/**
 * @param {Record<string, string>} env the settings of the servers
 * @param {{ codes: number, recovery: number, guessed: number }} counts how many use codes, recovery codes, wrong codes
 */
export async function makeAccounts(env, counts) {
  const read = readSettings({ env })
  if (read.kind === 'problems') throw new Error(read.problems.join(' '))
  const nightlatch = await openNightlatch(read.settings)
  try {
    const passwordHash = await nightlatch.core.passwords.hash(new Secret(testPassword))
    const made = {}
    for (const [role, count] of Object.entries(counts)) {
      made[role] = []
      for (let number = 0; number < count; number += 1) {
        const person = { username: `${role}${number}`, codes: [] }
        if (role === 'recovery') Object.assign(person, await recoveryCodes(nightlatch.core))
        made[role].push(person)
      }
    }
    const { core } = nightlatch
    await nightlatch.storage.atomically(async (stores) => {
      for (const person of Object.values(made).flat()) await enrol({ core, stores, passwordHash }, person)
    })
    return made
  } finally {
    await nightlatch.close()
  }
}

/** Ten codes, and what the database keeps of them. */
async function recoveryCodes(core) {
  const { codes, shown, salt } = newRecoveryCodes(core.platform, core.policy.recoveryCodes.count)
  const hashes = await core.passwords.hashAll(codes, salt)
  return {
    salt,
    hashes,
    codes: shown.map((code, at) => ({ code, hash: hashes[at] })),
  }
}

async function enrol({ core, stores, passwordHash }, person) {
  const profile = { username: person.username, name: '', email: '', groups: [] }
  const account = { ...newAccount(core, profile), passwordHash, factorCounts: { totp: 1 } }
  await stores.accounts.add({ account, loginNames: [person.username] })
  const secret = generateSecret()
  const id = account.id
  const sealed = core.box.seal(secret, `totp:${account.id}:${id}`)
  const times = { ...ourOtp, issuer: null, entryNumber: 1, createdAt: 0, lastUsedAt: 0, lastStep: -1 }
  await stores.authenticators.add({ id, account: account.id, name: 'Phone', sealed, ...times })
  if (person.codes.length > 0) await stores.recoveryCodes.replaceAll(account.id, person)
  Object.assign(person, { account: account.id, key: encodeBase32(secret) })
}
