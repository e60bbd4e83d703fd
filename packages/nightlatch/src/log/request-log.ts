import type { Log, LogFields } from './log.js'

type Fields = Readonly<Record<string, string | number>>

/** The log as http/ knows it: `request` is the number that a person sees on the page. */
export const requestLog = (
  log: Log,
): {
  debug?(message: string, fields: Fields): void
  info(message: string, fields: Fields): void
  warn(message: string, fields: Fields): void
  error(message: string, fields: Fields, error: unknown): void
} => ({
  ...(log.logs?.('debug') === true && {
    debug: (message: string, fields: Fields) => log.event('debug', message, known(fields)),
  }),
  info: (message, fields) => {
    log.event('info', message, known(fields))
  },
  warn: (message, fields) => {
    log.event('warn', message, known(fields))
  },
  error: (message, fields, error) => {
    log.event('error', message, { ...known(fields), error })
  },
})

const known = ({ request, ...fields }: Fields): LogFields =>
  typeof request === 'string' ? { ...fields, requestId: request } : fields
