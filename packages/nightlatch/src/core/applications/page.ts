import type { Core } from '../core.js'
import type { Application, ApplicationId } from './application.js'
import { listApplications } from './registration.js'

interface ApplicationPage {
  readonly applications: readonly Application[]
  /** The id behind which the next page begins. */
  readonly next: ApplicationId | null
}

/** By their ids, of which the one that a page begins behind may be gone. */
export async function pageOfApplications(
  core: Core,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ApplicationPage> {
  const behind = (await listApplications(core)).filter(({ id }) => id > after)
  const sorted = behind.sort((one, other) => (one.id < other.id ? -1 : 1))
  const applications = sorted.slice(0, limit)
  return { applications, next: sorted.length > limit ? (applications.at(-1)?.id ?? null) : null }
}
