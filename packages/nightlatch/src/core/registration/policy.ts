/** Who may make an account of their own. */
export interface RegistrationPolicy {
  readonly mode: 'off' | 'invitation' | 'approval' | 'domain'
  /** With `domain`: those of the addresses that may. */
  readonly domains: readonly string[]
  /** Mail is set up: an address counts once the link that was sent there has been opened. */
  readonly confirmsMail: boolean
}

export const noRegistration: RegistrationPolicy = { mode: 'off', domains: [], confirmsMail: false }
