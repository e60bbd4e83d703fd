import { pino } from 'pino'
import { cleanFields, cleanText, type CleanFields, type LogFields } from './fields.js'
import { readableLine } from './readable.js'

export type EventLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** The log, as everybody else knows it. */
export interface Log {
  /** @param name stable and dotted, as `server.listening`: scripts look for it. */
  event(level: EventLevel, name: string, fields?: LogFields): void
  /** Whether anything of this level is written: what costs something to find out need not be found out otherwise. */
  logs?(level: EventLevel): boolean
}

export type { LogFields }

export interface LogOptions {
  readonly level: EventLevel | 'silent'
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly colour: boolean
}

/** Readable lines on a terminal, JSON lines everywhere else. */
export function createLog({ level, stream, colour }: LogOptions): Log {
  const readable = stream.isTTY === true
  const destination = {
    write(line: string): void {
      stream.write(readable ? `${readableLine(JSON.parse(line) as CleanFields, colour)}\n` : line)
    },
  }
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    logs: (at) => logger.isLevelEnabled(at),
    event(at, name, fields = {}) {
      if (logger.isLevelEnabled(at)) logger[at](cleanFields(fields), cleanText(name))
    },
  }
}

export const silentLog: Log = { event: () => undefined }
