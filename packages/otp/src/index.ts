export { appWarnings, type OtpWarning } from './app-support.js'
export { algorithmNamed, type OtpAccount } from './account.js'
export { decodeBase32, encodeBase32 } from './base32.js'
export { normaliseCode } from './code.js'
export { OtpError, type OtpErrorCode } from './errors.js'
export { Hotp, hotp, type CodeOptions, type HotpOptions, type HotpVerdict } from './hotp.js'
export { PreparedKey, type Algorithm } from './prepared-key.js'
export {
  generateSecret,
  prepareKey,
  secretStrength,
  type SecretSource,
  type SecretStrength,
} from './secret.js'
export { resynchronise, type HotpSearch, type Resynchronised, type TotpSearch } from './resynchronise.js'
export { Totp, type TotpOptions, type TotpVerdict, type TotpVerifyOptions } from './totp.js'
export { accountUri, otpauthUri, uriLabel, type UriParts } from './uri-build.js'
export { parseOtpauthUri, type ParsedUri, type UriProblem } from './uri-parse.js'
