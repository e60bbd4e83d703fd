import type { Settings } from '../../config/read.js'
import type { Finding } from '../../core/maintenance/finding.js'
import { ok, warn } from '../../core/maintenance/finding.js'
import type { Nightlatch } from '../open.js'
import { checkCookies, checkNode, checkPermissions, checkProxy, checkTls } from './around.js'
import { findingsInside } from './inside.js'

/** What `nightlatch doctor` would find, as far as a server that runs can say it of itself: nothing is asked over the network. */
export async function serverFindings(app: Nightlatch, settings: Settings): Promise<readonly Finding[]> {
  const site = { settings, installation: await app.core.queries.installation.find() }
  return [
    checkNode(),
    ...(await findingsInside(app, site)),
    ...checkPermissions(settings),
    ...checkTls(settings),
    checkProxy(site),
    checkCookies(settings),
    settings.mail === null
      ? warn('mail', 'there is no mail server, so nobody is told about changes', 'set NIGHTLATCH_SMTP_URL')
      : ok('mail', 'there is a mail server'),
  ]
}
