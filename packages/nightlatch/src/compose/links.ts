import { invitationPath } from '../core/accounts/invitation.js'
import { registrationPath } from '../core/registration/open-invitation.js'
import type { Token } from '../core/tokens.js'
import type { Settings } from '../config/read.js'

/** A one-time link, as the person opens it. */
export const invitationUrl = (
  { origin, basePath }: Pick<Settings, 'origin' | 'basePath'>,
  token: Token,
): string => origin + basePath + invitationPath(token)

/** Of an invitation with which others make accounts. */
export const registrationUrl = (
  { origin, basePath }: Pick<Settings, 'origin' | 'basePath'>,
  token: Token,
): string => origin + basePath + registrationPath(token)
