import type { Core } from '../core.js'
import type { Platform } from '../ports/platform.js'
import type { RegistrationPolicy } from '../registration/policy.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'

/** What the server that was started last is, for whoever asks the database only: the command line. */
export interface Installation {
  /** Where browsers find it. */
  readonly origin: string
  readonly basePath: string
  /** By what it was started. */
  readonly door: 'serve' | 'protect' | 'library'
  /** The application that it stands in front of, or ''. */
  readonly application: string
  /** Proxies stand in front of it, and it believes them. */
  readonly trustsProxies: boolean
  /** It serves https by itself; not noted by versions before, which did not. */
  readonly servesTls?: boolean
  readonly cookieDomain: string
  readonly sendsMail: boolean
  /** Who keeps accounts and passwords. Not noted by versions before: then they are ours. */
  readonly accounts?: 'own' | 'application'
  /** Who may make an account of their own. Not noted by versions before: nobody. */
  readonly registration?: RegistrationPolicy['mode']
  /** The newest root key that it was started with. */
  readonly keyId: string
}

const name = 'installation'

/** One row for all servers: those that share a database share an address, too. */
export async function noteInstallation(core: Core, installation: Installation): Promise<void> {
  const { facts } = core[storage].stores
  const value = JSON.stringify(installation)
  if ((await facts.get(name)) !== value) await facts.put(name, value)
}

/** Null when no server was started on this database, or only one that did not note it yet. */
export async function findInstallation({ facts }: Stores): Promise<Installation | null> {
  const value = await facts.get(name)
  return value === null ? null : (JSON.parse(value) as Installation)
}

const markName = 'cookie-mark'

/**
 * Tells the cookies of this installation from those of others on the same host. Made once, whoever comes first: all
 * servers on one database have the same, and a copy of the database as well.
 */
export async function cookieMark(
  { randomBytes }: Pick<Platform, 'randomBytes'>,
  { facts }: Stores,
): Promise<string> {
  const known = await facts.get(markName)
  if (known !== null) return known
  const mark = [...randomBytes(4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  await facts.add(markName, mark)
  return (await facts.get(markName)) ?? mark
}
