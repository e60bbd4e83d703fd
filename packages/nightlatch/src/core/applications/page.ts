import type { Core } from '../core.js'
import { storage } from '../ports/stores.js'
import type { Application, ApplicationId } from './application.js'

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
  const found = await core[storage].stores.applications.page(after, limit + 1)
  const applications = found.slice(0, limit)
  return { applications, next: found.length > limit ? (applications.at(-1)?.id ?? null) : null }
}
