import type { Settings } from '../../config/read.js'
import type { Installation } from '../../core/maintenance/installation.js'
import type { Nightlatch } from '../framework/deps.js'

/** The settings as the running installation has them, where nobody said anything else to this command. */
export interface KnownSite {
  readonly settings: Settings
  /** What the server that was started last noted, or null. */
  readonly installation: Installation | null
}

/** What the server was told when it started counts here, too: the database knows it. */
export async function knownSite({
  core,
  settings,
}: Pick<Nightlatch, 'core' | 'settings'>): Promise<KnownSite> {
  const installation = await core.queries.installation.find()
  return { installation, settings: asInstalled(settings, installation) }
}

function asInstalled(settings: Settings, installation: Installation | null): Settings {
  if (installation === null) return settings
  const { told } = settings
  const { origin, basePath, cookieDomain } = installation
  return {
    ...settings,
    // A port that was given to this very command names an address, too.
    ...(told.origin === undefined &&
      told.port !== 'flag' && { origin, passkeys: passkeysAt(settings, origin) }),
    ...(told.basePath === undefined && { basePath }),
    ...(told.cookieDomain === undefined && cookieDomain !== '' && { cookieDomain }),
  }
}

/** The domain that passkeys are made for is the host of the origin, unless somebody said otherwise. */
const passkeysAt = ({ passkeys, told }: Settings, origin: string): Settings['passkeys'] =>
  told.rpId === undefined ? { ...passkeys, rpId: new URL(origin).hostname } : passkeys
