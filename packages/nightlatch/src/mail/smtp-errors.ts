/** What nodemailer and TLS call it → what it means to whoever set the mail server up. */
const certificate: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, so nobody vouches for it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from an authority that this machine does not know',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet, or the clock of this machine is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}
/** OpenSSL says it in a sentence; nodemailer keeps that and puts a code of its own in place of the one above. */
const certificateSentences: readonly (readonly [RegExp, string])[] = [
  [/self[- ]signed certificate in certificate chain/i, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self[- ]signed certificate/i, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [
    /unable to (?:verify the first certificate|get (?:local )?issuer certificate)/i,
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ],
  [/certificate has expired/i, 'CERT_HAS_EXPIRED'],
  [/certificate is not yet valid/i, 'CERT_NOT_YET_VALID'],
  [/does not match certificate's altnames/i, 'ERR_TLS_CERT_ALTNAME_INVALID'],
]
const others: Readonly<Record<string, string>> = {
  EAUTH: 'it does not take this user and password',
  EENVELOPE: 'it does not take this sender',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EDNS: 'there is no host of that name',
  ETIMEDOUT: 'it did not answer in time',
  ETLS: 'it offers no encryption, without which nothing is sent',
  ECONNECTION: 'the connection ended',
}

/** Why a mail server does not take us, in words that name what to look at; its code where there is no better one. */
export function smtpProblem(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  const codes = codesOf(error)
  const sentence = certificateSentences.find(([pattern]) => pattern.test(error.message))?.[1]
  const known = [...codes, sentence ?? ''].map((code) => certificate[code]).find((one) => one !== undefined)
  const said = /\b(ECONNREFUSED|ENOTFOUND|ETIMEDOUT)\b/.exec(error.message)?.[1] ?? ''
  return known ?? others[said] ?? others[codes[0] ?? ''] ?? codes[0] ?? 'no answer'
}

function codesOf(error: Error): readonly string[] {
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  return error.cause instanceof Error ? [...own, ...codesOf(error.cause)] : own
}

/** In the order in which they come; STARTTLS and AUTH where they are asked for. */
export type SmtpStage = 'connection' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL FROM' | 'RCPT TO' | 'DATA'

const stages: readonly (readonly [RegExp, SmtpStage])[] = [
  [/^(?:EHLO|HELO)/i, 'EHLO'],
  [/^STARTTLS/i, 'STARTTLS'],
  [/^AUTH/i, 'AUTH'],
  [/^MAIL FROM/i, 'MAIL FROM'],
  [/^RCPT TO/i, 'RCPT TO'],
  [/^DATA/i, 'DATA'],
]

/** What the server did not take, or what we had said last when it ended. Null: it was no mail server. */
export function smtpStage(error: unknown): SmtpStage | null {
  if (!(error instanceof Error) || !('stage' in error)) return null
  const { command = '', stage } = error as { command?: string; stage: unknown }
  const said = command === '' || command === 'CONN' || command === 'API' ? String(stage) : command
  return stages.find(([pattern]) => pattern.test(said))?.[1] ?? 'connection'
}

/** The same with how far it got: "STARTTLS failed: its certificate has expired". */
export function smtpFailure(error: unknown): string {
  const stage = smtpStage(error)
  return stage === null ? smtpProblem(error) : `${stage} failed: ${smtpProblem(error)}`
}
