import * as v from 'valibot'
import { factorKinds } from '../../core/factors/factor.js'
import { personStates } from '../../core/accounts/people.js'
import { count, id, otp, sessionParts, text, time } from './schemas.js'

/** What is sent and answered where administrators look after people. */

const groupName = v.pipe(text, v.description('1 to 64 characters on one line, without a comma'))
export const groupNames = v.array(groupName)
const end = v.pipe(
  text,
  v.description('A date (its beginning, UTC), a moment of ISO 8601, or `90d` for in 90 days'),
  v.examples(['2027-03-01']),
)
const email = v.pipe(text, v.description("'' for none"))

export const limit = v.optional(
  v.pipe(v.string(), v.regex(/^(?:[1-9]\d{0,2}|1000)$/), v.description('At most 1,000; 50 without it')),
)

/** What is asked for in the address: text, as it stands there. */
export const peopleAsked = v.object({
  q: v.optional(
    v.pipe(text, v.description('Beginnings of words of name, user name and address; all of them must fit')),
  ),
  group: v.optional(groupName),
  state: v.optional(v.picklist(personStates)),
  limit,
  after: v.optional(v.pipe(text, v.description('The user name behind which the page begins: `next`'))),
})

const profile = {
  email: v.optional(email),
  emailVerified: v.optional(
    v.pipe(
      v.boolean(),
      v.description('The address is theirs: you vouch for it. Another address is not confirmed'),
    ),
  ),
  name: v.optional(v.pipe(text, v.description('One line, at most 100 characters'))),
  admin: v.optional(v.boolean()),
  groups: v.optional(v.pipe(groupNames, v.description('Exactly these; one that is not there is made'))),
  expiresAt: v.optional(v.nullable(end)),
}
const byMail = v.optional(
  v.pipe(v.boolean(), v.description('Sends a link of its own to the address, which using it confirms')),
)
export const newPerson = v.object({ username: text, ...profile, mail: byMail })
export const newLink = v.object({ mail: byMail })
export const personEdit = v.object({
  username: v.optional(text),
  ...profile,
  addGroups: v.optional(groupNames),
  removeGroups: v.optional(groupNames),
})

const personMembers = {
  id,
  username: v.string(),
  name: v.string(),
  email: v.string(),
  emailVerified: v.pipe(v.boolean(), v.description('By a mail that was sent there, or by an administrator')),
  groups: v.array(v.string()),
  admin: v.boolean(),
  disabled: v.boolean(),
  state: v.picklist(['active', 'waiting', 'invited', 'disabled', 'expired']),
  expiresAt: v.pipe(v.nullable(time), v.description('null: it does not end')),
  hasPassword: v.boolean(),
  hasSecondFactor: v.boolean(),
  createdAt: time,
  lastSignInAt: v.nullable(time),
}
export const person = v.object(personMembers)
export const people = v.object({
  people: v.array(person),
  next: v.pipe(v.nullable(v.string()), v.description('`after` of the next page; null: there is none')),
})
export const personDetails = v.object({
  ...personMembers,
  factors: v.array(
    v.object({
      kind: v.picklist(factorKinds),
      name: v.string(),
      createdAt: time,
      lastUsedAt: v.nullable(time),
    }),
  ),
  recoveryCodesLeft: count,
  sessions: count,
  trustedDevices: count,
})

export const link = v.object({
  url: v.pipe(v.string(), v.description('Works once; shown this once. It confirms no address')),
  expiresAt: time,
  mailedTo: v.pipe(
    v.nullable(v.string()),
    v.description('Where a mail with another link is on its way to; null: there is none'),
  ),
})
export const addedPerson = v.object({ person, invitation: link })
export const rescueCode = v.object({
  code: v.pipe(v.string(), v.description('Good once, behind the password; shown this once')),
  expiresAt: time,
})
export const personSessions = v.object({ sessions: v.array(v.object(sessionParts)) })
export const endedSessions = v.object({ ended: count })

export const group = v.object({ name: v.string(), members: count })
export const groups = v.object({ groups: v.array(group) })
export const groupRename = v.object({ name: groupName })

const serial = v.pipe(text, v.description('As it stands on the token; blanks, dashes and case do not matter'))
export const tokensAsked = v.object({
  limit,
  after: v.optional(v.pipe(text, v.description('The number behind which the page begins: `next`'))),
})
export const tokens = v.object({
  tokens: v.array(
    v.object({
      serial: v.string(),
      maker: v.string(),
      type: v.picklist(['totp', 'hotp']),
      algorithm: v.string(),
      digits: count,
      period: v.pipe(v.nullable(count), v.description('null: its codes follow a counter')),
      addedAt: time,
      holder: v.pipe(
        v.nullable(v.object({ id, username: v.string() })),
        v.description('null: it lies in the drawer'),
      ),
    }),
  ),
  next: v.pipe(v.nullable(v.string()), v.description('`after` of the next page; null: there is none')),
})
const whole = (least: number, most: number) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most)))
export const newTokens = v.object({
  tokens: v.array(
    v.object({
      serial,
      secret: v.pipe(text, v.description('Base32, at least 80 bits')),
      maker: v.optional(text),
      type: v.optional(v.picklist(['totp', 'hotp'])),
      algorithm: v.optional(v.pipe(text, v.examples(['SHA1', 'SHA256', 'SHA512']))),
      digits: whole(6, 10),
      period: whole(1, 86_400),
      counter: whole(0, Number.MAX_SAFE_INTEGER - 1),
    }),
  ),
  onConflict: v.optional(
    v.pipe(
      v.picklist(['stop', 'skip']),
      v.description('With numbers that are there already; stop without it'),
    ),
  ),
})
export const addedTokens = v.object({ added: count, skipped: count })
export const tokenInHand = v.object({ serial, otp, nextOtp: otp })
export const serialOnly = v.object({ serial })
export const givenToken = v.object({ serial: v.string() })

export const invitationsAsked = v.object({
  limit,
  after: v.optional(v.pipe(text, v.description('The id of the last one of the page before: `next`'))),
})
export const newInvitation = v.object({
  groups: v.optional(groupNames),
  uses: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  expiresAt: v.optional(
    v.pipe(text, v.description('A date, a moment, or `7d`, which is what it is without')),
  ),
  domain: v.optional(v.pipe(text, v.description('Only for addresses there, which a mail confirms first'))),
  mail: v.optional(
    v.pipe(
      v.array(text),
      v.description(
        'Sends each a link of its own, good for one account, which using it confirms the address',
      ),
    ),
  ),
})
const invitationMembers = {
  id,
  state: v.picklist(['open', 'used-up', 'withdrawn', 'expired']),
  groups: v.array(v.string()),
  uses: count,
  used: count,
  domain: v.string(),
  email: v.string(),
  createdAt: time,
  expiresAt: time,
}
export const invitations = v.object({
  invitations: v.array(v.object(invitationMembers)),
  next: v.pipe(v.nullable(id), v.description('`after` of the next page; null: there is none')),
})
export const madeInvitations = v.object({
  invitations: v.array(
    v.object({
      ...invitationMembers,
      url: v.pipe(v.string(), v.description('Shown this once. It confirms no address')),
      mailed: v.pipe(v.boolean(), v.description('A mail with another link is on its way to `email`')),
    }),
  ),
})

export const testedMail = v.object({ to: v.string() })
