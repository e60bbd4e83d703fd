import { hasTwoFactors, isPhishingResistant } from '../factors/registry.js'
import type { SignedIn } from '../sessions/session.js'
import type { Person } from './rules.js'

/** What a session has proven, as far as rules look. */
export const provenBy = ({ session }: Pick<SignedIn, 'session'>): Omit<Person, 'groups'> => ({
  hasTwoFactors: hasTwoFactors(session),
  isPhishingResistant: isPhishingResistant(session),
})

export const personOf = (signedIn: SignedIn): Person => ({
  groups: signedIn.account.groups,
  ...provenBy(signedIn),
})
