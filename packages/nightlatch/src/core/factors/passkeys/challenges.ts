import type { Core } from '../../core.js'
import { isStillToCome } from '../../ports/platform.js'
import { asciiBytes, asciiText, base64url } from '../../text.js'

/** What a challenge was given for: it is good for nothing else. */
export type Purpose = 'registration' | 'upgrade' | 'sign-in' | 'second-step' | 'step-up'

export interface Challenge {
  readonly purpose: Purpose
  /** 256 random bits, base64url. */
  readonly challenge: string
  readonly expiresAt: number
  /** The sign-in in progress or the session that it belongs to; '' before there is either. */
  readonly owner: string
}

/** Windows side by side have one each; beyond this the oldest is forgotten. */
const mostChallenges = 6
const challengeBytes = 32
const context = 'passkey-challenges'

/** Those that the browser holds, sealed, and that are not too old. */
export function openChallenges(core: Core, sealed: string | null): readonly Challenge[] {
  if (sealed === null) return []
  const opened = core.box.open(sealed, context)
  if (opened.kind === 'refused') return []
  const now = core.platform.nowSeconds()
  // Nobody else can seal: it is what we have put there.
  const all = JSON.parse(asciiText(opened.plain)) as readonly Challenge[]
  return all.filter(({ expiresAt }) => isStillToCome(expiresAt, now, core.policy.passkey.challengeSeconds))
}

/** A challenge is sealed into the browser that asks for it: the database learns of it when it is used. */
export interface Issued {
  readonly challenge: string
  /** What the browser is to hold from now on. */
  readonly sealed: string
}

export function issueChallenge(
  core: Core,
  sealed: string | null,
  { purpose, owner }: Pick<Challenge, 'purpose' | 'owner'>,
): Issued {
  const challenge = base64url(core.platform.randomBytes(challengeBytes))
  const expiresAt = core.platform.nowSeconds() + core.policy.passkey.challengeSeconds
  const one: Challenge = { purpose, challenge, expiresAt, owner }
  const all = [...openChallenges(core, sealed), one].slice(-mostChallenges)
  return { challenge, sealed: core.box.seal(asciiBytes(JSON.stringify(all)), context) }
}
