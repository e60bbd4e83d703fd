import type { SignedIn } from '../sessions/session.js'
import { personOf } from './person.js'
import type { AccessRules, AskedFor } from './rules.js'
import { demandsFor, judge } from './rules.js'

/** Something to go on to, as the home page shows it. */
interface LaunchedApplication {
  readonly name: string
  /** A whole address, or a path of our own origin. */
  readonly href: string
}

/**
 * Where applications come from: what each knows that this person may open. Asked for the home page alone, which is kept
 * for as long as nothing of the account and its session changes, unless registered applications are among them.
 */
export type ApplicationSource = (person: SignedIn) => Promise<readonly LaunchedApplication[]>

/** Each address once, by name. */
export async function applicationsFor(
  sources: readonly ApplicationSource[],
  person: SignedIn,
): Promise<readonly LaunchedApplication[]> {
  const found = (await Promise.all(sources.map((source) => source(person)))).flat()
  const byHref = new Map([...found].reverse().map((one) => [one.href, one]))
  return [...byHref.values()].sort((one, other) =>
    one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1,
  )
}

/** Those that rules name, but for whom the same rules would refuse. Whoever would be asked for more may go there. */
export const applicationsOfRules =
  (rules: AccessRules, ownHost: string): ApplicationSource =>
  (person) => {
    const found = rules.rules.flatMap(({ name, launch }) => {
      if (launch === undefined) return []
      const asked = askedAt(launch, ownHost)
      const demands = demandsFor(rules, asked)
      const isOpen = demands !== null && !refusing.has(judge(demands, personOf(person)))
      return isOpen ? [{ name: name ?? asked.host, href: launch }] : []
    })
    return Promise.resolve(found)
  }

const refusing: ReadonlySet<string> = new Set(['forbidden', 'sign-in'])

/** An address that a rules file may name, as what it would ask for. */
export function askedAt(address: string, ownHost: string): AskedFor {
  const [, host = ownHost, path = address] = /^https?:\/\/([^/?#]+)([^?#]*)/i.exec(address) ?? []
  return { method: 'GET', host, path: path === '' ? '/' : path.replace(/[?#].*$/s, '') }
}
