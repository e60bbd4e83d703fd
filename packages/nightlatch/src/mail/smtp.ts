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
  const transport = createTransport({
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
  })
  return {
    async send({ to, subject, text }) {
      // As an object: an address in a plain string could hold a list of them.
      await transport.sendMail({ from, to: { name: '', address: to }, subject, text })
    },
    async verify() {
      await transport.verify()
    },
    close: () => transport.close(),
  }
}
