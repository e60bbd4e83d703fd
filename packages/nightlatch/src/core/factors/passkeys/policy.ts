import type { Core } from '../../core.js'

/** What an installation makes of passkeys. */
export interface PasskeyPolicy {
  /** `sign-in`: one that has checked who holds it signs in alone; `second-factor`: after the password only. */
  readonly use: 'sign-in' | 'second-factor' | 'off'
  /** The domain that they are made for (the relying party's id). */
  readonly rpId: string
  /** Where they may be used: the public origin, and former ones that still answer. */
  readonly origins: readonly string[]
  /** Only those that cannot be copied to another device. */
  readonly deviceBound: boolean
}

type PasskeyCore = Pick<Core, 'policy' | 'applicationAccounts'>

export const offersPasskeys = ({ policy }: Pick<Core, 'policy'>): boolean => policy.passkeys.use !== 'off'

/** Where an application keeps the accounts, it says with each password whether somebody may come in: it is asked. */
export const signsInAlone = ({ policy, applicationAccounts }: PasskeyCore): boolean =>
  policy.passkeys.use === 'sign-in' && applicationAccounts === null

/** Browsers make none for an IP address. */
export const workInBrowsers = ({ policy }: Pick<Core, 'policy'>): boolean =>
  offersPasskeys({ policy }) && !/^\[|^[\d.]+$/.test(policy.passkeys.rpId)
