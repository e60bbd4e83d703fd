/**
 * What may stand in the log, by name. Everything else is left out, so that whoever hands over too much leaks
 * nothing: no secret, code, password, token or cookie at any level (ASVS 5.0 16.2.5).
 */
export const allowedFields = {
  account: 'text',
  address: 'text',
  application: 'text',
  attempt: 'number',
  count: 'number',
  database: 'text',
  durationMs: 'number',
  factor: 'text',
  keyId: 'text',
  kind: 'text',
  method: 'text',
  node: 'text',
  origin: 'text',
  port: 'number',
  reason: 'text',
  requestId: 'text',
  /** The pattern of a route, never the path: a path may hold a one-time link. */
  route: 'text',
  setting: 'text',
  signal: 'text',
  status: 'number',
  userAgent: 'text',
  version: 'text',
  waitSeconds: 'number',
} as const

type Allowed = typeof allowedFields

export type LogFields = {
  readonly [Name in keyof Allowed]?: Allowed[Name] extends 'number' ? number : string
} & {
  /** Its name, code and place. Its message only when the system wrote it: others quote what they choke on. */
  readonly error?: unknown
}

export type CleanFields = Record<string, string | number>

const longest = 300

export function cleanFields(fields: LogFields): CleanFields {
  const clean: CleanFields = {}
  for (const [name, kind] of Object.entries(allowedFields)) {
    const given: unknown = fields[name as keyof Allowed]
    if (kind === 'number' && typeof given === 'number') clean[name] = given
    if (kind === 'text' && typeof given === 'string') clean[name] = cleanText(given)
  }
  return fields.error === undefined ? clean : { ...clean, ...describeError(fields.error) }
}

/** A second net under the first one: what looks like a token, an otpauth URI or a password in a URL goes. */
const secretLooking = /[\w-]{43,}|otpauth[\w-]*:\S*|(?<=:\/\/)[^/\s@]*:[^/\s@]*(?=@)/gi

export function cleanText(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text
  return short.toWellFormed().replace(secretLooking, '[removed]')
}

function describeError(error: unknown): CleanFields {
  if (!(error instanceof Error)) return { error: typeof error }
  const { name, message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? { errorCode: cleanText(error.code) } : {}
  const fromSystem = 'syscall' in error ? { errorMessage: cleanText(message) } : {}
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const place = frames
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' ')
  return { error: cleanText(name), ...code, ...fromSystem, errorAt: place.slice(0, 600) }
}
