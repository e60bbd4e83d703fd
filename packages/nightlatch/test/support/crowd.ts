import type { Totp } from '@nightlatch/otp'
import { openNightlatch } from '../../src/compose/open.js'
import { readSettings } from '../../src/config/read.js'
import type { Core } from '../../src/core/core.js'
import { addPerson, givePhone } from './people.js'
import { quickArgon2 } from './app.js'

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
    people.push(await makeMember(nightlatch.core, `person${number}`))
  await nightlatch.close()
  return people
}

async function makeMember(core: Core, username: string): Promise<Member> {
  const { totp } = await givePhone(core, await addPerson(core, username))
  return { username, totp }
}
