import { createTransport } from 'nodemailer'
import type { Secret } from '../core/secret.js'
import type { Mailer } from './mailer.js'

export interface SmtpOptions {
  readonly url: Secret<string>
  readonly from: string
}

const patience = 10_000

/**
 * A mail server by SMTP. Without TLS a password and who signs in where would travel in clear, so it has to be
 * there, save on this machine. The URL's query sets nothing: no option that switches checks off gets in by it.
 */
export function smtpMailer({ url, from }: SmtpOptions): Mailer {
  const server = new URL(url.reveal().trim())
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1')
  const secure = server.protocol === 'smtps:'
  const local = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
  const user = decodeURIComponent(server.username)
  const options = {
    host,
    port: server.port === '' ? (secure ? 465 : 587) : Number(server.port),
    secure,
    requireTLS: !secure && !local,
    // A server on this machine rarely has a certificate for that name.
    tls: { rejectUnauthorized: !local },
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(server.password) } }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: 2 * patience,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  return {
    async send({ id, to, subject, text, html }, signal) {
      const message = {
        from,
        // As an object: an address in a plain string could hold a list of them.
        to: { name: '', address: to },
        ...{ messageId: id, subject, text, html },
        // So that no answering machine writes back (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...(signal === undefined ? {} : { signal }),
      }
      await noting((logger) => createTransport({ ...options, ...logger }).sendMail(message))
    },
    async verify() {
      await noting((logger) => createTransport({ ...options, ...logger }).verify())
    },
  }
}

const verbs = /^(?:EHLO|HELO|STARTTLS|AUTH|MAIL FROM|RCPT TO|DATA)\b/i

/** Where a conversation with a mail server ended, for whoever has to mend it. */
export interface WithStage {
  readonly stage?: string
}

/**
 * Does it, and notes on the error what was said last. A connection that ends, or a server that falls silent, does not say
 * itself how far it got.
 */
async function noting(work: (options: object) => Promise<unknown>): Promise<void> {
  let last = ''
  const hear = (entry: { readonly tnx?: string }, text: unknown): void => {
    if (entry.tnx === 'client' && typeof text === 'string' && verbs.test(text)) last = text
  }
  const ignore = (): void => undefined
  const logger = {
    level: ignore,
    trace: hear,
    debug: hear,
    info: ignore,
    warn: ignore,
    error: ignore,
    fatal: ignore,
  }
  try {
    await work({ logger, debug: true })
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { stage: last } satisfies WithStage) : error
  }
}
