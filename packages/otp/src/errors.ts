/** What a calling program can get wrong. The codes are stable; the messages are for people. */
export type OtpErrorCode =
  | 'ACCOUNT_NOT_EXPORTABLE'
  | 'ALGORITHM_MISMATCH'
  | 'ALGORITHM_UNKNOWN'
  | 'COUNTER_OUT_OF_RANGE'
  | 'DIGITS_OUT_OF_RANGE'
  | 'EPOCH_NOT_AN_INTEGER'
  | 'LABEL_NOT_ALLOWED'
  | 'NOT_ENROLLABLE'
  | 'PERIOD_OUT_OF_RANGE'
  | 'RANDOM_UNAVAILABLE'
  | 'SECRET_EMPTY'
  | 'SECRET_NOT_BASE32'
  | 'SECRET_TOO_SHORT'
  | 'TIME_OUT_OF_RANGE'
  | 'WINDOW_OUT_OF_RANGE'

/**
 * The only error this package throws, and only for a mistake of the calling program. What a person can type
 * (codes) or hand in (URIs, exports) comes back as a value. No message contains a secret or a code.
 */
export class OtpError extends RangeError {
  readonly code: OtpErrorCode
  constructor(code: OtpErrorCode, message: string) {
    super(message)
    this.name = 'OtpError'
    this.code = code
  }
}

export const secretMissing = (): OtpError =>
  new OtpError(
    'SECRET_EMPTY',
    'There is no secret: it is base32 text, a Uint8Array of at least one byte, or a prepared key.',
  )

export const algorithmUnknown = (): OtpError =>
  new OtpError('ALGORITHM_UNKNOWN', 'The algorithm is SHA1, SHA256 or SHA512.')
