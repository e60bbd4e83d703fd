import type { AccountId } from '../ids.js'
import type { Client, Platform } from '../ports/platform.js'

/** Every event of the audit trail. Names are stable: scripts and dashboards read them. */
export const auditEvents = [
  'account.created',
  'account.disabled',
  'account.enabled',
  'account.removed',
  'account.imported',
  'account.registered',
  'account.approved',
  'account.invited',
  'account.invitation-used',
  'account.second-factor-reset',
  'account.rescued',
  'account.renamed',
  'account.name-changed',
  'account.email-changed',
  'account.email-vouched',
  'account.rights-changed',
  'account.groups-changed',
  'account.end-changed',
  'account.sessions-ended',
  'invitation.added',
  'invitation.withdrawn',
  'group.renamed',
  'group.removed',
  'sign-in.password-accepted',
  'sign-in.password-refused',
  'sign-in.password-throttled',
  'sign-in.completed',
  'code.refused',
  'code.throttled',
  'code.locked',
  'recovery-code.used',
  'recovery-code.refused',
  'recovery-code.throttled',
  'recovery-codes.renewed',
  'authenticator.added',
  'authenticator.renamed',
  'authenticator.removed',
  'authenticator.resynchronised',
  'authenticator.unreadable',
  'token.imported',
  'token.removed',
  'passkey.added',
  'passkey.renamed',
  'passkey.removed',
  'passkey.refused',
  'passkey.throttled',
  'passkey.cloned',
  'set-up.refused',
  'step-up.passed',
  'step-up.refused',
  'password.changed',
  'password.set-by-administrator',
  'password.reset-asked',
  'password.reset',
  'account.undone',
  'session.ended',
  'session.others-ended',
  'session.signed-out',
  'trusted-device.added',
  'trusted-device.ended',
  'trusted-device.reused',
  'trusted-device.unanswered',
  'application.added',
  'application.changed',
  'application.secret-rotated',
  'application.removed',
  'application.access-given',
  'application.access-withdrawn',
  'application.signed-in',
  'application.refused',
  'application.device-denied',
  'application.device-code-refused',
  'application.code-reused',
  'application.secret-refused',
  'application.sign-out-not-told',
  'signing-key.rotated',
  'installation.restored',
  'installation.moved',
] as const

export type AuditEventName = (typeof auditEvents)[number]

export interface AuditEvent {
  readonly at: number
  readonly event: AuditEventName
  readonly account: AccountId | null
  /** The peer's address and user agent; empty for the command line. */
  readonly address: string
  readonly userAgent: string
  /** Plain facts without secrets: a factor, a device's name, a reason. */
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** An event as stored: `sequence` grows with every row. */
export interface AuditRecord extends AuditEvent {
  readonly sequence: number
}

export interface AuditFilter {
  readonly account?: AccountId
  readonly afterSequence?: number
  readonly beforeSequence?: number
  /** This one, and what came after it; the newest is the first all the same. */
  readonly fromSequence?: number
  readonly event?: AuditEventName
  readonly address?: string
  /** Unix seconds. */
  readonly since?: number
  readonly limit: number
}

/** How often something happened, with what was counted and told together. */
export interface EventCount {
  readonly event: AuditEventName
  readonly times: number
  readonly accounts: number
  readonly addresses: number
}

export interface AuditStore {
  add(event: AuditEvent): Promise<void>
  /** Newest first, or oldest first when `afterSequence` is given. */
  list(filter: AuditFilter): Promise<readonly AuditRecord[]>
  /** Those of these, one hundred at most, that are there; oldest first. */
  listThese(sequences: readonly number[]): Promise<readonly AuditRecord[]>
  /** Of these events, those that happened since: of those that a week's figures are made of. */
  countSince(at: number, events: readonly AuditEventName[]): Promise<readonly EventCount[]>
  /** How often something of these happened since, looking at no more than so many of them. */
  countUpTo(
    most: number,
    what: { readonly since: number; readonly events: readonly AuditEventName[] },
  ): Promise<number>
  removeBefore(at: number, limit: number): Promise<number>
}

export const noClient: Client = { address: '', userAgent: '' }

interface EventParts {
  readonly at: number
  readonly account: AccountId | null
  readonly client: Client
  readonly details?: AuditEvent['details']
}

export function auditEvent(event: AuditEventName, parts: EventParts): AuditEvent {
  return {
    at: parts.at,
    event,
    account: parts.account,
    address: parts.client.address.slice(0, 64),
    userAgent: parts.client.userAgent.slice(0, 256),
    details: parts.details ?? {},
  }
}

/** What happened, of whom (null: of nobody that we know) and from where. Now, unless told. */
interface Noted extends Omit<EventParts, 'at'> {
  readonly event: AuditEventName
  readonly at?: number
}

/** Writes one event into the audit trail: every event of core/ comes by here. */
export const note = (
  { platform }: { readonly platform: Pick<Platform, 'nowSeconds'> },
  { audit }: { readonly audit: Pick<AuditStore, 'add'> },
  { event, at = platform.nowSeconds(), ...parts }: Noted,
): Promise<void> => audit.add(auditEvent(event, { at, ...parts }))
