import type { Actor } from '../accounts/actor.js'
import { by } from '../accounts/actor.js'
import { parseEmail } from '../accounts/account.js'
import { parseGroups } from '../accounts/groups.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { InvitationId } from '../ids.js'
import { newId } from '../ids.js'
import { mailStranger, sendsMail } from '../notify/mail.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'
import type { OpenInvitation } from './open-invitation.js'

/** What an administrator wants. */
export interface InvitationWish {
  readonly groups?: readonly string[] | undefined
  readonly uses?: number | undefined
  /** Unix seconds. */
  readonly expiresAt?: number | undefined
  readonly domain?: string | undefined
  /** One for each of these addresses, which is sent there and good for one account. */
  readonly mail?: readonly string[] | undefined
}

export type InvitationProblem =
  'bad-group' | 'too-many-groups' | 'bad-uses' | 'bad-end' | 'bad-domain' | 'bad-email' | 'no-mail'

export interface MadeInvitation {
  readonly invitation: OpenInvitation
  /** Of the link that is handed over: it confirms no address. */
  readonly token: Token
  /** A mail with a link of its own is on its way to the address. */
  readonly isMailed: boolean
}

type InvitationsOutcome =
  | { readonly kind: 'invited'; readonly made: readonly MadeInvitation[] }
  /** `text`: which group or address it was. */
  | { readonly kind: 'refused'; readonly why: InvitationProblem; readonly text?: string }

type Parsed = Pick<OpenInvitation, 'groups' | 'uses' | 'domain' | 'expiresAt'> & {
  readonly mail: readonly string[]
}

const mostUses = 10_000
const mostMails = 100

const refuse = (why: InvitationProblem, text?: string) =>
  ({ kind: 'refused', why, ...(text !== undefined && { text }) }) as const

function parse(core: Core, wish: InvitationWish): Parsed | ReturnType<typeof refuse> {
  const { uses = 1, mail = [], groups: names = [] } = wish
  const groups = groupsOf(core, names)
  if ('kind' in groups) return groups
  if (!Number.isSafeInteger(uses) || uses < 1 || uses > mostUses) return refuse('bad-uses')
  const expiresAt = endOf(core, wish)
  if (expiresAt === null) return refuse('bad-end')
  const domain = parseDomain(core, wish.domain ?? '')
  if (domain === null) return refuse('bad-domain')
  const bad = mail.find((one, at) => at >= mostMails || !fits(core, one, domain))
  if (bad !== undefined) return refuse('bad-email', bad)
  return { groups, uses, expiresAt, domain, mail: [...new Set(mail)] }
}

function groupsOf(core: Core, names: readonly string[]): readonly string[] | ReturnType<typeof refuse> {
  const parsed = parseGroups(names)
  if (parsed.kind === 'refused') return refuse('bad-group', parsed.text)
  return parsed.groups.length > core.policy.groups.most
    ? refuse('too-many-groups')
    : parsed.groups.map(({ name }) => name)
}

/** Null when it is over already, or too far away. */
function endOf(core: Core, wish: InvitationWish): number | null {
  const now = core.platform.nowSeconds()
  const { seconds, longestSeconds } = core.policy.openInvitation
  const at = wish.expiresAt ?? now + seconds
  return at > now && at <= now + longestSeconds ? at : null
}

/** '' for none; null when it cannot be one. */
function parseDomain(core: Core, text: string): string | null {
  const given = text.trim().replace(/^@/, '')
  if (given === '') return ''
  const ascii = core.platform.domainToAscii(given)
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(ascii) ? ascii : null
}

/** Whether this is an address, and of the domain where there is one. */
function fits(core: Core, text: string, domain: string): boolean {
  const email = parseEmail(core.platform, text)
  return email.kind === 'name' && (domain === '' || email.key.endsWith(`@${domain}`))
}

/** Makes invitations, and sends those that are for an address. */
export async function addInvitations(
  core: Core,
  wish: InvitationWish,
  actor: Actor,
): Promise<InvitationsOutcome> {
  const parsed = parse(core, wish)
  if ('kind' in parsed) return parsed
  const needsMail = parsed.mail.length > 0 || parsed.domain !== ''
  if (needsMail && !(await sendsMail(core))) return refuse('no-mail')
  const invitations = invitationsOf(core, parsed, actor)
  const made = await core[storage].atomically(async (stores) => {
    const each: MadeInvitation[] = []
    for (const invitation of invitations) {
      each.push(await addOne(core, stores, invitation))
      const { uses, groups, domain, email } = invitation
      const details = { uses, groups: groups.join(', '), domain, email, ...by(actor) }
      const event = 'invitation.added'
      await note(core, stores, { event, account: null, client: actor.client, details })
    }
    return each
  })
  return { kind: 'invited', made }
}

function invitationsOf(core: Core, parsed: Parsed, actor: Actor): readonly OpenInvitation[] {
  const { groups, domain, expiresAt } = parsed
  const emails = parsed.mail.length === 0 ? [''] : parsed.mail
  return emails.map((email) => ({
    ...{ id: newId<InvitationId>(core.platform.randomBytes), email: email.trim(), groups, domain },
    ...{ uses: email === '' ? parsed.uses : 1, used: 0, invitedBy: actor.account },
    ...{ createdAt: core.platform.nowSeconds(), expiresAt, withdrawnAt: null },
  }))
}

/**
 * Two links of one invitation where it is mailed: whoever uses the one in the mail has read it, and whoever has the other
 * has only been at the terminal or the page.
 */
async function addOne(core: Core, stores: Stores, invitation: OpenInvitation): Promise<MadeInvitation> {
  const token = newToken(core.platform)
  const mailed = invitation.email === '' ? null : newToken(core.platform)
  await stores.openInvitations.add(invitation, {
    handed: hashToken(core.platform, token),
    mailed: mailed && hashToken(core.platform, mailed),
  })
  if (mailed === null) return { invitation, token, isMailed: false }
  const { email: to, expiresAt } = invitation
  const mail = {
    kind: 'open-invitation',
    to,
    token: mailed,
    details: { until: expiresAt },
    expiresAt,
  } as const
  return { invitation, token, isMailed: (await mailStranger(core, stores, mail)) === 'waiting' }
}

interface InvitationsPage {
  readonly invitations: readonly OpenInvitation[]
  /** What `after` has to be for the next page; null: there is none. */
  readonly next: InvitationId | null
}

/** Newest first. A page behind one that is gone is the first one. */
export async function listInvitations(
  core: Core,
  { after, limit }: { readonly after?: InvitationId | null | undefined; readonly limit: number },
): Promise<InvitationsPage> {
  const { openInvitations } = core[storage].stores
  const last = after === null || after === undefined ? null : await openInvitations.find(after)
  const found = await openInvitations.list({ after: last, limit: limit + 1 })
  const invitations = found.slice(0, limit)
  return { invitations, next: found.length > limit ? (invitations.at(-1)?.id ?? null) : null }
}

export const findOpenInvitation = (core: Core, id: InvitationId): Promise<OpenInvitation | null> =>
  core[storage].stores.openInvitations.find(id)

/** From now on it opens nothing. False when there is none of that id, or it was withdrawn before. */
export async function withdrawInvitation(
  core: Core,
  { id, actor }: { readonly id: InvitationId; readonly actor: Actor },
): Promise<boolean> {
  return core[storage].atomically(async (stores) => {
    if (!(await stores.openInvitations.withdraw(id, core.platform.nowSeconds()))) return false
    const details = { invitation: id, ...by(actor) }
    await note(core, stores, {
      event: 'invitation.withdrawn',
      account: null,
      client: actor.client,
      details,
    })
    return true
  })
}
