import type { Algorithm } from './prepared-key.js'

/** A remark on a URI or an import that works, and may still surprise somebody. The codes are stable. */
export interface OtpWarning {
  readonly code:
    | 'algorithm-ignored-by-apps'
    | 'ampersand-was-escaped'
    | 'control-characters-removed'
    | 'digits-ignored-by-apps'
    | 'period-ignored-by-apps'
    | 'direction-marks-removed'
    | 'issuer-differs-from-label'
    | 'parameter-repeated'
    | 'parameter-unknown'
    | 'plus-read-as-blank'
    | 'secret-short'
    | 'secret-too-short'
    | 'steam-or-totp'
    | 'unknown-fields'
  /** One sentence for a person, without the secret. */
  readonly message: string
  /** The apps that are known to show wrong codes, where the warning is about apps. */
  readonly apps?: readonly string[]
}

/**
 * What Google's apps ignore is in the Key URI format itself; for the others see the list of apps in java-totp.
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 * @see https://github.com/google/google-authenticator-android/issues/29
 * @see https://github.com/samdjstevens/java-totp/issues/30
 */
const GOOGLE = 'Google Authenticator'
const MICROSOFT = 'Microsoft Authenticator'
const AUTHY = 'Authy'

function ignored(code: OtpWarning['code'], what: string, apps: readonly string[]): OtpWarning {
  return { code, message: `${apps.join(', ')} may ignore ${what} and show wrong codes.`, apps }
}

/**
 * What Google Authenticator, Authy or Microsoft Authenticator are known to ignore of a set-up; nothing for the default
 * of SHA1, 6 digits and 30 seconds.
 * @param setup as in `otpauthUri`; absent means the default
 */
export function appWarnings(setup: {
  algorithm?: Algorithm
  digits?: number
  periodSeconds?: number
}): OtpWarning[] {
  const { algorithm = 'SHA1', digits = 6, periodSeconds = 30 } = setup ?? {}
  const warnings: OtpWarning[] = []
  if (algorithm !== 'SHA1') {
    warnings.push(
      ignored('algorithm-ignored-by-apps', `the algorithm ${algorithm}`, [GOOGLE, MICROSOFT, AUTHY]),
    )
  }
  if (digits !== 6) {
    warnings.push(ignored('digits-ignored-by-apps', `the number of digits (${digits})`, [GOOGLE, MICROSOFT]))
  }
  if (periodSeconds !== 30) {
    warnings.push(ignored('period-ignored-by-apps', `the period of ${periodSeconds} seconds`, [GOOGLE]))
  }
  return warnings
}
