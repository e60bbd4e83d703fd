import type { ApplicationSource } from '../access/applications.js'
import type { Core } from '../core.js'
import { mayUse } from './access.js'
import { listApplications } from './registration.js'

/** Those that were registered with an address to open, for whoever they are for. Who would be asked for more may go there. */
export const applicationsOfClients =
  (core: Core): ApplicationSource =>
  async (person) => {
    const all = await listApplications(core)
    return all
      .filter((one) => one.launchUrl !== '' && mayUse(one, person) !== 'not-in-group')
      .map(({ name, launchUrl }) => ({ name, href: launchUrl }))
  }
