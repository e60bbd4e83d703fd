import type { CDPSession, Page } from 'playwright-core'

/** Chromium's own authenticators: they make and use passkeys as real ones do, without anybody at the machine. */
export interface VirtualAuthenticator {
  readonly id: string
  /** Whether the person passes, the next times they are asked. */
  setUserVerified(isVerified: boolean): Promise<void>
  /** Whether anybody touches it: where not, a request waits until it is given up. */
  setPresence(isThere: boolean): Promise<void>
  count(): Promise<number>
  remove(): Promise<void>
}

interface Traits {
  readonly protocol?: 'ctap2' | 'u2f'
  readonly transport?: 'internal' | 'usb'
  readonly resident?: boolean
  readonly verifies?: boolean
  readonly synced?: boolean
}

const sessions = new WeakMap<Page, CDPSession>()

async function cdpOf(page: Page): Promise<CDPSession> {
  const known = sessions.get(page)
  if (known !== undefined) return known
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  sessions.set(page, cdp)
  return cdp
}

export async function addAuthenticator(page: Page, traits: Traits = {}): Promise<VirtualAuthenticator> {
  const cdp = await cdpOf(page)
  const { protocol = 'ctap2', transport = 'internal', resident = true, verifies = true } = traits
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol,
      transport,
      hasResidentKey: protocol === 'ctap2' && resident,
      hasUserVerification: protocol === 'ctap2' && verifies,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: traits.synced === true,
      defaultBackupState: traits.synced === true,
    },
  })
  return {
    id: authenticatorId,
    setUserVerified: (isUserVerified) =>
      cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }).then(() => undefined),
    setPresence: (enabled) =>
      cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }).then(() => undefined),
    count: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    remove: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }).then(() => undefined),
  }
}
