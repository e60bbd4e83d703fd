import * as v from 'valibot'
import { applicationAccesses, signingAlgorithms } from '../../core/applications/application.js'
import { refusals } from '../../core/applications/received.js'
import { durationPattern } from '../../core/duration.js'
import { groupNames, limit } from './admin-schemas.js'
import { text, time } from './schemas.js'

/** What is sent and answered of the applications that sign people in here with OpenID Connect. */

export const applicationsAsked = v.object({
  limit,
  after: v.optional(v.pipe(text, v.description('The id behind which the page begins: `next`'))),
})

const uris = v.array(text)
const redirectUris = v.pipe(uris, v.description('Where it sends people back to, letter by letter'))

/** An empty list would be taken for "nobody" by one reader and for "everybody" by another. */
const groups = v.nullable(
  v.pipe(
    groupNames,
    v.check((names) => names.length > 0, 'must name a group; null is for everybody'),
    v.description('For members of one of these; null: for everybody'),
  ),
)
const address = (what: string) => v.nullable(v.pipe(text, v.description(`${what}; null: nowhere`)))

const settings = {
  device: v.optional(
    v.pipe(v.boolean(), v.description('Screens without a keyboard may sign people in by a code')),
  ),
  redirectUris: v.optional(redirectUris),
  postLogoutUris: v.optional(v.pipe(uris, v.description('Where it may send people after they signed out'))),
  backchannelLogoutUri: v.optional(address('Where it is told that somebody has signed out')),
  launchUrl: v.optional(address('Where people open it')),
  groups: v.optional(groups),
  access: v.optional(v.picklist(applicationAccesses)),
  skipConsent: v.optional(
    v.pipe(v.boolean(), v.description('Its people are not asked whether it may know them')),
  ),
  signing: v.optional(v.picklist(signingAlgorithms)),
}
const name = v.pipe(text, v.description('As people see it: one line, at most 100 characters'))

export const newApplication = v.object({
  name,
  id: v.optional(v.pipe(text, v.description('What it knows itself by; made here without it'))),
  public: v.optional(
    v.pipe(v.boolean(), v.description('It keeps no secret: it runs in a browser or on a phone')),
  ),
  secret: v.optional(
    v.pipe(text, v.description('16 to 128 printable ASCII characters without a blank; made here without it')),
  ),
  ...settings,
})
export const applicationEdit = v.object({
  name: v.optional(name),
  ...settings,
  addRedirectUris: v.optional(uris),
  removeRedirectUris: v.optional(uris),
})
export const secretRotation = v.object({
  keepOld: v.optional(
    v.pipe(
      v.string(),
      v.regex(durationPattern, 'must be 7d, 12h, 30m or 0'),
      v.description('So long the old one works beside it; not at all without it'),
      v.examples(['7d', '12h', '30m', '0']),
    ),
  ),
})

export const application = v.object({
  id: v.string(),
  name: v.string(),
  public: v.boolean(),
  device: v.boolean(),
  redirectUris: v.array(v.string()),
  postLogoutUris: v.array(v.string()),
  backchannelLogoutUri: v.nullable(v.string()),
  launchUrl: v.nullable(v.string()),
  groups: v.pipe(v.nullable(v.array(v.string())), v.description('null: it is for everybody')),
  access: v.picklist(applicationAccesses),
  skipConsent: v.boolean(),
  signing: v.picklist(signingAlgorithms),
  secrets: v.pipe(
    v.array(
      v.object({
        createdAt: time,
        expiresAt: v.pipe(v.nullable(time), v.description('null: when the next one is made')),
      }),
    ),
    v.description('Newest first; never the secrets themselves'),
  ),
  createdAt: time,
})
export const applications = v.object({
  applications: v.array(application),
  next: v.pipe(v.nullable(v.string()), v.description('`after` of the next page; null: there is none')),
})
export const registeredApplication = v.object({
  application,
  secret: v.pipe(v.nullable(v.string()), v.description('Shown this once; null: it is public')),
  issuer: v.string(),
  discovery: v.pipe(v.string(), v.description('Where the application reads everything else')),
})

export const receivedAsked = v.object({
  user: v.pipe(text, v.description('Of whom, by the user name')),
  scope: v.optional(v.pipe(text, v.description('What the application asks for; everything without it'))),
})

const claims = {
  sub: v.optional(v.string()),
  name: v.optional(v.string()),
  preferred_username: v.optional(v.string()),
  email: v.optional(v.string()),
  email_verified: v.optional(v.boolean()),
  groups: v.optional(v.array(v.string())),
  acr: v.optional(v.string()),
  amr: v.optional(v.array(v.string())),
  auth_time: v.optional(v.pipe(v.string(), v.description('In words: there was no sign-in'))),
  sid: v.optional(v.pipe(v.string(), v.description('In words: there is no session'))),
}
export const received = v.object({
  user: v.string(),
  refusal: v.pipe(v.nullable(v.picklist(refusals)), v.description('null: the person may use it')),
  idToken: v.object({ iss: v.string(), aud: v.string(), ...claims }),
  userinfo: v.object(claims),
  address: v.pipe(v.string(), v.description('Where a sign-in begins')),
})
