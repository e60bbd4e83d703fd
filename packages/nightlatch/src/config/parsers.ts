import { availableParallelism } from 'node:os'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { domainToASCII } from 'node:url'
import { Secret } from '../core/secret.js'
import { isLoopbackHost } from './addresses.js'
import { dataPlace, type DataPlace } from './data-place.js'
import { quote, refuse, value, type Parsed } from './parsed.js'

export function wholeNumber(least: number, most: number): (text: string) => Parsed<number> {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN
    return number >= least && number <= most
      ? value(number)
      : refuse(`must be a whole number from ${least} to ${most}, not ${quote(text)}`)
  }
}

const mostWorkers = 256

/** A number, or as many as the machine has cores. */
export function workers(text: string): Parsed<number> {
  return text === 'auto' ? value(availableParallelism()) : wholeNumber(1, mostWorkers)(text)
}

export function oneOf<const T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((one) => one === text)
    return choice === undefined ? refuse(`must be ${listOf(choices)}, not ${quote(text)}`) : value(choice)
  }
}

const listOf = (choices: readonly string[]): string =>
  `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`

export function host(text: string): Parsed<string> {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  const isName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(bare) && !/^[\d.]+$/.test(bare)
  return isIP(bare) !== 0 || isName
    ? value(bare)
    : refuse(`must be an address of this machine such as 127.0.0.1 or 0.0.0.0, not ${quote(text)}`)
}

/** The scheme, host and port that browsers see. Plain http would send passwords in clear: loopback only. */
export function origin(text: string): Parsed<string> {
  const example = 'https://auth.example.org'
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:\/\/[^/\\\s]/i.test(text) || url.origin === 'null')
    return refuse(`must be an origin such as ${example}, not ${quote(text)}`)
  const extras = url.pathname !== '/' || /[?#@\\]/.test(text)
  if (extras) return refuse(`must have no path, query or user, only scheme, host and port: ${url.origin}`)
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return refuse(`must be https (plain http only for localhost), not ${quote(text)}`)
  return value(url.origin)
}

/** Several of them, separated by commas or spaces. */
export function origins(text: string): Parsed<readonly string[]> {
  const all: string[] = []
  for (const one of text.split(/[\s,]+/).filter((entry) => entry !== '')) {
    const parsed = origin(one)
    if (parsed.kind !== 'value') return parsed
    all.push(parsed.value)
  }
  return value([...new Set(all)])
}

export function basePath(text: string): Parsed<string> {
  const path = `/${text}`.replace(/^\/+/, '/').replace(/\/+$/, '')
  const sound = /^(\/[\w.~-]+)*$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path)
  return sound ? value(path) : refuse(`must be a path such as /auth, not ${quote(text)}`)
}

export function path(text: string): Parsed<string> {
  return text.includes('\0') ? refuse('must be a path, without a NUL character') : value(resolve(text))
}

/** A folder, or the file of a database. */
export function place(text: string): Parsed<DataPlace> {
  const sound = path(text)
  return sound.kind === 'value' ? value(dataPlace(text)) : sound
}

export function issuer(text: string): Parsed<string> {
  const name = text.trim().normalize('NFC')
  if (name === '' || [...name].length > 60) return refuse('must have 1 to 60 characters')
  // The otpauth URI separates the issuer from the account by a colon.
  if (/[:\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|%3a/iu.test(name))
    return refuse('must be one printable line without a colon')
  return value(name)
}

/** Shown to everybody, so it is one line, and nothing that a page would have to make a link of but these. */
export function contact(text: string): Parsed<string> {
  const words = text.trim().normalize('NFC')
  if (words === '' || [...words].length > 200) return refuse('must have 1 to 200 characters')
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(words))
    return refuse('must be one printable line')
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(words) && !(/^https:/i.test(words) && URL.canParse(words)))
    return refuse('must be a mail address, an https address or words')
  return value(words)
}

export function postgresUrl(text: string): Parsed<Secret<string>> {
  return /^postgres(ql)?:\/\/[^\s]+$/i.test(text)
    ? value(new Secret(text))
    : refuse('must be a URL such as postgres://user:password@host:5432/database')
}

export function smtpUrl(text: string): Parsed<Secret<string>> {
  const url = /^smtps?:\/\/[^/\s]/i.test(text) && URL.canParse(text) ? new URL(text) : null
  return url !== null && url.hostname !== ''
    ? value(new Secret(text))
    : refuse('must be a URL such as smtps://user:password@mail.example.org')
}

/** `auth@example.org`, or with a name before it: `Example <auth@example.org>`. */
export function mailAddress(text: string): Parsed<string> {
  const problem = refuse(`must be an address such as auth@example.org, not ${quote(text)}`)
  const match = /^(?:([^<>"\p{Cc}]*?) *<([^<>]*)>|([^<>]*))$/u.exec(text.trim())
  const address = match?.[2] ?? match?.[3] ?? ''
  if (!/^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\s@,;:]{1,253}$/u.test(address)) return problem
  if (domainToASCII(address.split('@')[1] ?? '') === '') return problem
  return value(text.trim())
}

export interface Registration {
  readonly mode: 'off' | 'invitation' | 'approval' | 'domain'
  readonly domains: readonly string[]
}

/** `domain:` may name several, separated by commas. */
export function registration(text: string): Parsed<Registration> {
  const [mode = '', list] = text.split(/:(.*)/s)
  if ((mode === 'off' || mode === 'invitation' || mode === 'approval') && list === undefined)
    return value({ mode, domains: [] })
  if (mode !== 'domain' || list === undefined)
    return refuse(`must be invitation, approval, domain:example.org or off, not ${quote(text)}`)
  const domains = list.split(',').map((one) => domainToASCII(one.trim().replace(/^@/, '')))
  const isDomain = (one: string): boolean =>
    isIP(one) === 0 && /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(one)
  return domains.every((one) => isDomain(one) && !isPublicSuffix(one))
    ? value({ mode, domains: [...new Set(domains)] })
    : refuse(`must name domains such as domain:example.org, not ${quote(text)}`)
}

/** Domains below which strangers register theirs: browsers make neither cookies nor passkeys for all of them. */
export const isPublicSuffix = (domain: string): boolean =>
  /^(?:ac|co|com|edu|gov|net|or|org)\.[a-z]{2}$/.test(domain)

/** Whether it may be the parent of ours is told once the origin is known. */
export function rpId(text: string): Parsed<string> {
  const domain = domainToASCII(text)
  const isDomain = domain.split('.').every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  if (!isDomain || isIP(domain) !== 0)
    return refuse(`must be a domain such as example.org, without scheme and port, not ${quote(text)}`)
  return value(domain)
}

export function cookieDomain(text: string): Parsed<string> {
  const domain = domainToASCII(text.replace(/^\./, ''))
  const labels = domain.split('.')
  const sound = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  if (!sound || isIP(domain) !== 0) return refuse(`must be a domain such as example.org, not ${quote(text)}`)
  return labels.length >= 2 || domain === 'localhost'
    ? value(domain)
    : refuse(`must have at least two labels, as example.org has, not ${quote(text)}`)
}
