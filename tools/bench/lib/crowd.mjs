/** People as they are in a company or a school, with everything that an administrator finds them by. */
import { newAccount } from '../../../packages/nightlatch/dist/core/sign-in/password-check.js'
import { entryOf } from '../../../packages/nightlatch/dist/core/accounts/people.js'
import { parseGroups } from '../../../packages/nightlatch/dist/core/accounts/groups.js'
import { ourOtp } from '../../../packages/nightlatch/dist/core/factors/totp/store.js'

const firsts = ['ada', 'grace', 'alan', 'edsger', 'barbara', 'donald', 'margaret', 'john', 'frances', 'tony']
const lasts = ['lovelace', 'hopper', 'turing', 'dijkstra', 'liskov', 'knuth', 'hamilton', 'backus', 'allen']

const capital = (word) => word[0].toUpperCase() + word.slice(1)

/** Spread over the alphabet, so that no state and no group lies at one end of it. */
export function someone(number) {
  const [first, last] = [firsts[number % firsts.length], lasts[(number * 7) % lasts.length]]
  const username = `${first}.${last}${number}`
  const host = number % 2 === 0 ? 'example.org' : 'mail.example.net'
  return { username, name: `${capital(first)} ${capital(last)}`, email: `${username}@${host}` }
}

/** One of a thousand is in each of the states that are rare. */
const rare = {
  1: { disabled: true },
  2: { passwordHash: '' },
  3: { disabled: true, waiting: true },
  4: { endsAt: 1 },
}

/** Past everything that an administrator would do for each of them. */
export async function addCrowd({ core, storage }, from, to) {
  for (let at = from; at < to; at += 1000)
    await storage.atomically(async (stores) => {
      await stores.groups.hold()
      const all = Array.from({ length: Math.min(1000, to - at) }, (_, index) => newcomer(core, at + index))
      const taken = await stores.newcomers.addAll(all)
      if (taken !== null) throw new Error(`the name of ${taken} is taken`)
    })
}

function newcomer(core, number) {
  const profile = someone(number)
  const names = ['everybody', `class ${number % 100}`]
  if (number % 3 === 0) names.push('third')
  if (number < 10) names.push('ten')
  const { groups } = parseGroups(names)
  const hasFactor = number % 50 !== 5
  const account = {
    ...newAccount(core, { ...profile, groups: [] }),
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    ...{ createdAt: 1, factorCounts: { totp: hasFactor ? 1 : 0 } },
    endsAt: number % 2 === 0 ? 4_000_000_000 : null,
    ...rare[number % 1000],
  }
  const phone = {
    ...{
      id: account.id,
      account: account.id,
      name: 'Phone',
      sealed: `v1.${core.box.keyId}.${'x'.repeat(76)}`,
      lastStep: -1,
    },
    ...{ createdAt: 1, lastUsedAt: 0, ...ourOtp, issuer: null, entryNumber: 1, drift: 0, serial: null },
  }
  return {
    ...{ account, loginNames: [profile.username, profile.email], groups, entry: entryOf(profile) },
    authenticators: hasFactor ? [phone] : [],
    event: {
      ...{ at: core.platform.nowSeconds(), event: 'account.imported', account: account.id },
      ...{ address: '', userAgent: '', details: {} },
    },
  }
}
