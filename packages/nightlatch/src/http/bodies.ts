import type { ProblemCode } from './problems.js'
import type { HttpRequest } from './request.js'

const bodyLimitBytes = 64 * 1024

export type BodyRefusal = {
  readonly kind: 'refused'
  readonly code: Extract<ProblemCode, 'malformed-body' | 'body-too-large' | 'wrong-content-type'>
}
const refuse = (code: BodyRefusal['code']): BodyRefusal => ({ kind: 'refused', code })

export type Form = ReadonlyMap<string, string>

/** A form as sent by a page; every name at most once, so that no two readers pick different values. */
export async function readForm(request: HttpRequest): Promise<{ kind: 'form'; form: Form } | BodyRefusal> {
  const text = await readText(request, 'application/x-www-form-urlencoded', bodyLimitBytes)
  if (typeof text !== 'string') return text
  const form = parseForm(text)
  return form === null ? refuse('malformed-body') : { kind: 'form', form }
}

type Json = { kind: 'json'; value: object } | BodyRefusal

/** A JSON object. */
export async function readJson(request: HttpRequest, limitBytes = bodyLimitBytes): Promise<Json> {
  const text = await readText(request, 'application/json', limitBytes)
  return typeof text === 'string' ? parseJson(text) : text
}

function parseJson(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { kind: 'json', value }
  } catch {
    return refuse('malformed-body')
  }
  return refuse('malformed-body')
}

/** Empty where the request has no body at all; many a client names its type all the same. */
export async function readOptionalJson(request: HttpRequest): Promise<Json> {
  const length = request.header('content-length')
  const none = (length === undefined || length === '0') && request.header('transfer-encoding') === undefined
  if (none && request.header('content-type') === undefined) return { kind: 'json', value: {} }
  const text = await readText(request, 'application/json', bodyLimitBytes)
  if (typeof text !== 'string') return text
  return text === '' ? { kind: 'json', value: {} } : parseJson(text)
}

async function readText(
  request: HttpRequest,
  type: string,
  limitBytes: number,
): Promise<string | BodyRefusal> {
  if (!isType(request.header('content-type'), type) || request.headerCount('content-type') > 1)
    return refuse('wrong-content-type')
  const encoding = request.header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') return refuse('wrong-content-type')
  const bytes = await request.body(limitBytes)
  if (bytes === 'too-large') return refuse('body-too-large')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse('malformed-body')
  }
}

function isType(header: string | undefined, type: string): boolean {
  if (header === undefined) return false
  const [name = '', ...parameters] = header.toLowerCase().split(';')
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='))
  return name.trim() === type && (charset === undefined || /^charset="?utf-8"?$/.test(charset))
}

/** Fields of application/x-www-form-urlencoded text (also of a query), or null when it is malformed. */
export function parseForm(text: string): Form | null {
  const form = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    const value = decode(at < 0 ? '' : pair.slice(at + 1))
    if (name === null || value === null || form.has(name)) return null
    form.set(name, value)
  }
  return form
}

/**
 * What can be read of a page's query. Other sites and programs add to a link what they like (`fbclid=a%ZZ`); a name
 * that came twice counts as none, for two readers might pick different values.
 */
export function readableQuery(text: string): Form {
  const whole = parseForm(text)
  if (whole !== null) return whole
  const form = new Map<string, string>()
  const twice = new Set<string>()
  for (const pair of text.split('&')) {
    for (const [name, value] of parseForm(pair) ?? []) {
      if (form.has(name)) twice.add(name)
      form.set(name, value)
    }
  }
  for (const name of twice) form.delete(name)
  return form
}

/** Decoded once; U+0000 is refused everywhere: the databases disagree about it. */
function decode(text: string): string | null {
  try {
    const plain = decodeURIComponent(text.replaceAll('+', ' '))
    return plain.includes('\0') ? null : plain
  } catch {
    return null
  }
}
