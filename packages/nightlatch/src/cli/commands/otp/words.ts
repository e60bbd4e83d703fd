import type { UriProblem } from '@nightlatch/otp'
import type { OtpEntryProblem } from '@nightlatch/otp/files'

type Problem = OtpEntryProblem | 'other-qr'

/** Why something cannot be used, as the end of a sentence. Nothing that it holds is repeated. */
const words: Readonly<Record<Problem, string>> = {
  'algorithm-not-supported': 'its algorithm is none of SHA1, SHA256 and SHA512',
  'batch-not-allowed': 'its count of QR codes cannot be',
  comment: 'a comment',
  'counter-missing': 'it counts (hotp) and has no counter',
  'counter-not-allowed': 'its counter is no whole number below 2^64',
  'digits-not-allowed': 'its codes have fewer than 6 or more than 10 digits',
  'digits-not-supported': 'its number of digits is none that this export can say',
  'encoder-not-supported': 'its encoder is not steam',
  encrypted: 'its secret cannot be decrypted',
  'escape-malformed': 'an escape with % in it is malformed',
  'in-trash': 'it lies in the trash',
  malformed: 'it is damaged, or cut off at the end',
  motp: 'mOTP (motp://) makes codes of another kind',
  'name-not-allowed': 'a name in it has control characters',
  'no-accounts': 'there is no account in it',
  'no-uri': 'there is no otpauth URI in it',
  'not-a-migration-uri': 'it is no otpauth-migration URI',
  'not-an-otpauth-uri': 'it is no otpauth URI',
  'other-qr': 'it is none of an authenticator app',
  'parameter-ambiguous': 'a parameter stands in it twice, with different values',
  'period-not-allowed': 'its period is none of 1 to 86400 seconds',
  'secret-missing': 'there is no secret in it',
  'secret-not-base32': 'its secret is not base32',
  'too-long': 'it is too long for a URI',
  'type-not-supported': 'its type is none of totp, hotp and steam',
  yandex: 'Yandex (otpauth://yaotp) makes codes of another kind',
}

export const inWords = (why: Problem): string => words[why]

/** What a flag of the command can put right. */
const remedies: Partial<Record<Problem, string>> = {
  'algorithm-not-supported': 'give --algorithm',
  'counter-missing': 'give --counter',
  'counter-not-allowed': 'give --counter',
  'digits-not-allowed': 'give --digits',
  'period-not-allowed': 'give --period',
  'secret-missing': 'copy it again, to its end',
  'secret-not-base32': 'copy it again from where it came',
  'escape-malformed': 'copy it again from where it came',
  'too-long': 'copy the URI alone',
}

/** One line for a person. `flags`: the command takes those of a code. */
export function uriProblem(why: UriProblem, { flags = false } = {}): string {
  const remedy = remedies[why]
  const usable = remedy !== undefined && (flags || !remedy.includes('--'))
  return `the otpauth URI cannot be used: ${inWords(why)}${usable ? `; ${remedy}` : ''}`
}
