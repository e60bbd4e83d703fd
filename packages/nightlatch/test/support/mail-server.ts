import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

export interface Received {
  readonly to: string
  readonly from: string
  readonly raw: string
  readonly subject: string
  /** The same at each try. */
  readonly messageId: string
}

interface Refusal {
  readonly status: number
  readonly text?: string
}

/** What the server does with the next mails; as it is without any of it, it takes them. */
export interface Mood {
  /** Refuses a recipient. */
  recipient?: Refusal | undefined
  /** Refuses the mail when it has it. */
  data?: Refusal | undefined
  /** Ends the connection in the middle of the mail. */
  closesInData?: boolean
  /** Never answers to the mail. */
  hangs?: boolean
}

export interface MailServer {
  readonly port: number
  readonly url: string
  readonly mails: readonly Received[]
  readonly mood: Mood
  /** How often somebody has begun to hand a mail over. */
  readonly tries: () => number
  /** Waits until so many have come. */
  got(count: number): Promise<readonly Received[]>
  down(): Promise<void>
  up(): Promise<void>
}

type Options = ConstructorParameters<typeof SMTPServer>[0]

/** A real mail server on this machine, without TLS unless told. */
export async function startMailServer(options: Options = {}): Promise<MailServer> {
  const server = await runMailServer(options)
  onTestFinished(() => server.down())
  return server
}

/** The same until `down`, for the tests of a file. */
export async function runMailServer(options: Options = {}): Promise<MailServer> {
  const mails: Received[] = []
  const mood: Mood = {}
  let tries = 0
  const make = (): SMTPServer => {
    const server = new SMTPServer({
      authOptional: true,
      hideSTARTTLS: true,
      closeTimeout: 50,
      onRcptTo(_address, _session, done) {
        tries += 1
        if (mood.recipient === undefined) return done()
        done(Object.assign(new Error(mood.recipient.text ?? 'no'), { responseCode: mood.recipient.status }))
      },
      onData(stream, session, done) {
        let raw = ''
        stream.on('data', (chunk: Buffer) => {
          raw += chunk.toString()
          if (mood.closesInData === true) for (const one of connections(server)) one.close()
        })
        stream.on('end', () => {
          if (mood.hangs === true || mood.closesInData === true) return
          if (mood.data !== undefined)
            return done(Object.assign(new Error(mood.data.text ?? 'no'), { responseCode: mood.data.status }))
          const { mailFrom, rcptTo } = session.envelope
          for (const { address } of rcptTo)
            mails.push({ ...readRaw(raw), to: address, from: mailFrom === false ? '' : mailFrom!.address })
          done()
        })
      },
      ...options,
    })
    server.on('error', () => undefined)
    return server
  }
  let server = make()
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const one of connections(server)) one.close()
      server.close(() => resolve())
    })
  await listen(0)
  const { port } = server.server.address() as AddressInfo
  return {
    ...{ port, url: `smtp://127.0.0.1:${port}`, mails, mood, tries: () => tries },
    got: async (count) => {
      await until(() => mails.length >= count, 30_000)
      return mails
    },
    down: close,
    up: async () => {
      server = make()
      await listen(port)
    },
  }
}

/** Of the server's own list. */
const connections = (server: SMTPServer): readonly { close(): void }[] => [
  ...(server as unknown as { connections: Set<{ close(): void }> }).connections,
]

const header = (raw: string, name: string): string =>
  new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(raw)?.[1]?.replace(/\r\n[ \t]/g, ' ') ?? ''

const readRaw = (raw: string): Omit<Received, 'to' | 'from'> => ({
  raw,
  subject: header(raw, 'Subject'),
  messageId: header(raw, 'Message-ID'),
})

/** The plain text of a mail, with its encoding undone. */
export function textOf({ raw }: Pick<Received, 'raw'>): string {
  const part = /Content-Type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/i.exec(raw)
  const encoded = part?.[0].match(/Content-Transfer-Encoding: (\S+)/i)?.[1] ?? '7bit'
  const body = part?.[1] ?? ''
  if (encoded === 'base64') return Buffer.from(body, 'base64').toString()
  if (encoded !== 'quoted-printable') return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([\dA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

/** The first link to this path in the plain text. */
export const linkIn = (mail: Pick<Received, 'raw'>, path: string): string =>
  new RegExp(`https?://\\S*${path}\\S*`).exec(textOf(mail))?.[0] ?? ''

/** What a server of ours is told, so that it sends by this one. */
export const withMail = ({ url }: MailServer): Record<string, string> => ({
  NIGHTLATCH_SMTP_URL: url,
  NIGHTLATCH_MAIL_FROM: 'Example <auth@example.org>',
})
