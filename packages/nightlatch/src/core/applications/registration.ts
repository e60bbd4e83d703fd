import type { Actor } from '../accounts/actor.js'
import { by } from '../accounts/actor.js'
import type { Account } from '../accounts/account.js'
import { parseDisplayName } from '../accounts/account.js'
import { parseGroup } from '../accounts/groups.js'
import type { AuditEventName } from '../audit/audit.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { newToken } from '../tokens.js'
import { Secret } from '../secret.js'
import type { Application, ApplicationId, ApplicationSecret } from './application.js'
import { parseRedirectUri, parseWebUri } from './redirects.js'
import type { ParsedUri } from './redirects.js'
import { ensureSigningKeys } from './signing-keys.js'

/** What whoever registers an application says of it, as typed. */
export interface ApplicationInput extends Pick<
  Application,
  'isPublic' | 'allowsDevice' | 'access' | 'skipConsent' | 'signingAlgorithm'
> {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly postLogoutUris: readonly string[]
  readonly backchannelLogoutUri: string
  readonly launchUrl: string
  readonly groups: readonly string[]
}

type UriField = 'redirect' | 'post-logout' | 'backchannel-logout' | 'launch'

export type ApplicationProblem =
  | { readonly what: 'name' | 'id' | 'secret' | 'public-secret' | 'no-redirect' }
  | { readonly what: 'group'; readonly text: string }
  | {
      readonly what: 'uri'
      readonly field: UriField
      readonly text: string
      readonly why: Extract<ParsedUri, { kind: 'refused' }>['why']
    }

type Described = Omit<Application, 'id' | 'secrets' | 'createdAt'>

type Read =
  | { readonly kind: 'described'; readonly application: Described }
  | { readonly kind: 'refused'; readonly problem: ApplicationProblem }

const refuse = (problem: ApplicationProblem) => ({ kind: 'refused', problem }) as const

/** All of it, or the first thing that is wrong with it. */
export function readApplication(input: ApplicationInput): Read {
  const name = parseDisplayName(input.name)
  if (name === null || name === '') return refuse({ what: 'name' })
  if (input.redirectUris.length === 0 && !input.allowsDevice) return refuse({ what: 'no-redirect' })
  const parsed = input.groups.map((text) => ({ text, group: parseGroup(text) }))
  const badGroup = parsed.find(({ group }) => group.kind === 'refused')
  if (badGroup !== undefined) return refuse({ what: 'group', text: badGroup.text })
  const uris = readUris(input)
  if ('problem' in uris) return refuse(uris.problem)
  const groups = parsed.flatMap(({ group }) => (group.kind === 'group' ? [group.group.name] : []))
  const { isPublic, allowsDevice, access, skipConsent, signingAlgorithm } = input
  return {
    kind: 'described',
    application: {
      ...{ name, isPublic, allowsDevice, access, skipConsent, signingAlgorithm },
      groups: groups.length === 0 ? null : groups,
      ...uris,
    },
  }
}

type Uris = Pick<Application, 'redirectUris' | 'postLogoutUris' | 'backchannelLogoutUri' | 'launchUrl'>

function readUris(input: ApplicationInput): Uris | { readonly problem: ApplicationProblem } {
  const fields: readonly (readonly [UriField, readonly string[], (text: string) => ParsedUri])[] = [
    ['redirect', input.redirectUris, parseRedirectUri],
    ['post-logout', input.postLogoutUris, parseRedirectUri],
    ['backchannel-logout', [input.backchannelLogoutUri].filter((one) => one !== ''), parseWebUri],
    ['launch', [input.launchUrl].filter((one) => one !== ''), parseWebUri],
  ]
  const read = new Map<UriField, string[]>()
  for (const [field, texts, parse] of fields) {
    const uris: string[] = []
    for (const text of texts) {
      const parsed = parse(text)
      if (parsed.kind === 'refused') return { problem: { what: 'uri', field, text, why: parsed.why } }
      uris.push(parsed.uri)
    }
    read.set(field, [...new Set(uris)])
  }
  return {
    redirectUris: read.get('redirect') ?? [],
    postLogoutUris: read.get('post-logout') ?? [],
    backchannelLogoutUri: read.get('backchannel-logout')?.[0] ?? '',
    launchUrl: read.get('launch')?.[0] ?? '',
  }
}

/** As long as a secret that a program makes, and short enough for every form that it is pasted into. */
const shortestSecret = 16
const longestSecret = 128

interface NewApplication {
  readonly input: ApplicationInput
  /** Made here unless told. */
  readonly id?: string | undefined
  readonly secret?: string | undefined
  readonly actor: Actor
}

type AddApplicationOutcome =
  | { readonly kind: 'added'; readonly application: Application; readonly secret: Token | null }
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly problem: ApplicationProblem }

/** An id is in addresses and in the user name of Basic authentication: what needs no escape there. */
const isId = (text: string): text is ApplicationId => /^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/.test(text)

/** Registers an application, and makes the keys that its tokens are signed with. */
export async function addApplication(core: Core, given: NewApplication): Promise<AddApplicationOutcome> {
  const read = readApplication(given.input)
  if (read.kind === 'refused') return read
  const id = given.id ?? newApplicationId(core)
  if (!isId(id)) return refuse({ what: 'id' })
  if (read.application.isPublic && given.secret !== undefined) return refuse({ what: 'public-secret' })
  const secret = read.application.isPublic ? null : secretFor(core, given.secret)
  if (secret === 'refused') return refuse({ what: 'secret' })
  const createdAt = core.platform.nowSeconds()
  const secrets = secret === null ? [] : [{ hash: hashSecret(core, id, secret), createdAt, expiresAt: null }]
  const application: Application = { ...read.application, id, secrets, createdAt }
  await ensureSigningKeys(core)
  const isAdded = await core[storage].atomically(async (stores) => {
    if (!(await stores.applications.add(application))) return new Rollback(false)
    await noteChange(core, stores, { event: 'application.added', application, actor: given.actor })
    return true
  })
  return isAdded ? { kind: 'added', application, secret } : { kind: 'taken' }
}

const idLetters = 'abcdefghijklmnopqrstuvwxyz234567'

const newApplicationId = ({ platform }: Pick<Core, 'platform'>): ApplicationId =>
  [...platform.randomBytes(26)].map((byte) => idLetters[byte & 31]).join('') as ApplicationId

function secretFor(core: Core, given: string | undefined): Token | 'refused' {
  if (given === undefined) return newToken(core.platform)
  const isFit =
    given.length >= shortestSecret && given.length <= longestSecret && /^[\x21-\x7e]+$/.test(given)
  return isFit ? new Secret(given) : 'refused'
}

/** Bound to its application, so that a hash says nothing of another one's. */
export const hashSecret = (
  { platform }: Pick<Core, 'platform'>,
  id: ApplicationId,
  secret: Secret<string>,
): string => platform.sha256(`application:${id}:${secret.reveal()}`)

interface Noted {
  readonly event: AuditEventName
  readonly application: Pick<Application, 'id' | 'name'>
  readonly actor: Actor
}

const noteChange = (core: Core, stores: Stores, { event, application, actor }: Noted): Promise<void> =>
  note(core, stores, {
    event,
    account: null,
    client: actor.client,
    details: { application: application.id, name: application.name, ...by(actor) },
  })

type EditApplicationOutcome =
  | { readonly kind: 'changed'; readonly application: Application }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'refused'; readonly problem: ApplicationProblem }

/** `change` is given what there is and says what there shall be. */
export async function editApplication(
  core: Core,
  given: {
    readonly id: string
    readonly actor: Actor
    change(now: ApplicationInput): ApplicationInput
  },
): Promise<EditApplicationOutcome> {
  return core[storage].atomically<EditApplicationOutcome>(async (stores) => {
    const known = await stores.applications.hold(given.id as ApplicationId)
    if (known === null) return { kind: 'not-there' }
    const read = readApplication(given.change(inputOf(known)))
    if (read.kind === 'refused') return read
    const application: Application = { ...known, ...read.application }
    await stores.applications.replace(application)
    await noteChange(core, stores, { event: 'application.changed', application, actor: given.actor })
    return { kind: 'changed', application }
  })
}

const inputOf = ({ groups, ...application }: Application): ApplicationInput => ({
  ...application,
  groups: groups ?? [],
})

type RotateSecretOutcome =
  | { readonly kind: 'rotated'; readonly application: Application; readonly secret: Token }
  | { readonly kind: 'not-there' }
  /** It has none: it is public. */
  | { readonly kind: 'public' }

/** A new secret beside the old ones, which work for a while: both are valid until the application has the new one. */
export async function rotateSecret(
  core: Core,
  given: { readonly id: string; readonly keepOldSeconds: number; readonly actor: Actor },
): Promise<RotateSecretOutcome> {
  const secret = newToken(core.platform)
  const now = core.platform.nowSeconds()
  return core[storage].atomically<RotateSecretOutcome>(async (stores) => {
    const known = await stores.applications.hold(given.id as ApplicationId)
    if (known === null) return { kind: 'not-there' }
    if (known.isPublic) return { kind: 'public' }
    const fresh = { hash: hashSecret(core, known.id, secret), createdAt: now, expiresAt: null }
    const secrets = [fresh, ...keptSecrets(known.secrets, now, now + given.keepOldSeconds)]
    const application = { ...known, secrets }
    await stores.applications.replace(application)
    await noteChange(core, stores, { event: 'application.secret-rotated', application, actor: given.actor })
    return { kind: 'rotated', application, secret }
  })
}

/** Two are valid at once, no more: the newest of the old ones. */
const keptSecrets = (
  old: readonly ApplicationSecret[],
  now: number,
  until: number,
): readonly ApplicationSecret[] =>
  old
    .slice(0, 1)
    .map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt ?? until, until) }))
    .filter(({ expiresAt }) => expiresAt > now)

/** With everything that it was given. False when there is none of that id. */
export async function removeApplication(
  core: Core,
  given: { readonly id: string; readonly actor: Actor },
): Promise<Application | null> {
  return core[storage].atomically(async (stores) => {
    const known = await stores.applications.hold(given.id as ApplicationId)
    if (known === null || !(await stores.applications.remove(known.id))) return null
    await noteChange(core, stores, { event: 'application.removed', application: known, actor: given.actor })
    return known
  })
}

export const findApplication = (core: Core, id: string): Promise<Application | null> =>
  isId(id) ? core[storage].stores.applications.find(id) : Promise.resolve(null)

export const listApplications = (core: Core): Promise<readonly Application[]> =>
  core[storage].stores.applications.list()

export const hasApplications = async (core: Core): Promise<boolean> =>
  !(await core[storage].stores.applications.isEmpty())

/** Takes back what a person has allowed, and everything that the application was given for it. */
export async function withdrawConsent(
  core: Core,
  given: { readonly account: Account; readonly application: string; readonly actor: Actor },
): Promise<boolean> {
  const application = given.application as ApplicationId
  return core[storage].atomically(async (stores) => {
    await stores.accounts.hold(given.account.id)
    if (!(await stores.applications.withdraw(application, given.account.id))) return false
    await note(core, stores, {
      event: 'application.access-withdrawn',
      account: given.account.id,
      client: given.actor.client,
      details: { application, ...by(given.actor) },
    })
    return true
  })
}
