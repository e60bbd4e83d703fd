import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { isLoopbackHost } from './addresses.js'

/** The certificate of a server, with those between it and its authority, and its private key: each a file in PEM. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate and its key, read and found to fit. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Whether it names this host. */
  names(host: string): boolean
}

type TlsRead =
  | { readonly kind: 'pair'; readonly pair: TlsPair }
  /** Sentences, without the name of a setting before them. */
  | { readonly kind: 'problems'; readonly cert: string | null; readonly key: string | null }

/** A line for each file that cannot be used, as the start tells them. */
export function problemsOfTls(files: TlsFiles): string[] {
  const read = readTls(files)
  if (read.kind === 'pair') return []
  return [
    ...(read.cert === null ? [] : [`NIGHTLATCH_TLS_CERT: ${files.certFile} ${read.cert}.`]),
    ...(read.key === null ? [] : [`NIGHTLATCH_TLS_KEY: ${files.keyFile} ${read.key}.`]),
  ]
}

export function readTls({ certFile, keyFile }: TlsFiles): TlsRead {
  const cert = textOf(certFile)
  const key = textOf(keyFile)
  const leaf = cert.kind === 'text' ? certificateIn(cert.text) : cert
  const own = key.kind === 'text' ? keyIn(key.text) : key
  if (cert.kind !== 'text' || key.kind !== 'text' || leaf.kind === 'refused' || own.kind === 'refused')
    return {
      kind: 'problems',
      cert: leaf.kind === 'refused' ? leaf.why : null,
      key: own.kind === 'refused' ? own.why : null,
    }
  const misfit = whyNotTogether({ cert: cert.text, key: key.text }, { leaf: leaf.value, own: own.value })
  if (misfit !== null) return { kind: 'problems', cert: null, key: null, ...misfit }
  return { kind: 'pair', pair: pairOf(leaf.value, { cert: cert.text, key: key.text }) }
}

function pairOf(leaf: X509Certificate, texts: Pick<TlsPair, 'cert' | 'key'>): TlsPair {
  return {
    ...texts,
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
    names: (host) => {
      const bare = host.replace(/^\[(.*)\]$/, '$1')
      return (isIP(bare) === 0 ? leaf.checkHost(bare) : leaf.checkIP(bare)) !== undefined
    },
  }
}

const largest = 1_048_576

interface Refused {
  readonly kind: 'refused'
  readonly why: string
}
const refuse = (why: string): Refused => ({ kind: 'refused', why })

function textOf(path: string): { readonly kind: 'text'; readonly text: string } | Refused {
  try {
    if (statSync(path).size > largest) return refuse('is too large')
    return { kind: 'text', text: readFileSync(path, 'latin1') }
  } catch (error) {
    return refuse(`cannot be read (${codeOf(error)})`)
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'

interface Found<T> {
  readonly kind: 'value'
  readonly value: T
}

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const isKey = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/
const isSealed = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

function certificateIn(text: string): Found<X509Certificate> | Refused {
  const [first] = text.match(certificates) ?? []
  if (first === undefined)
    return refuse(
      isKey.test(text)
        ? 'holds a private key and no certificate'
        : 'holds no certificate in PEM (-----BEGIN CERTIFICATE-----)',
    )
  try {
    return { kind: 'value', value: new X509Certificate(first) }
  } catch {
    return refuse('holds a certificate that cannot be read')
  }
}

function keyIn(text: string): Found<KeyObject> | Refused {
  if (isSealed.test(text))
    return refuse(
      'has a passphrase, which nobody types at a start: take it off with openssl pkey -in FILE -out NEW',
    )
  if (!isKey.test(text))
    return refuse(
      /-----BEGIN CERTIFICATE-----/.test(text)
        ? 'holds a certificate and no private key'
        : 'holds no private key in PEM (-----BEGIN PRIVATE KEY-----)',
    )
  try {
    return { kind: 'value', value: createPrivateKey(text) }
  } catch {
    return refuse('holds a private key that cannot be read')
  }
}

interface Together {
  readonly leaf: X509Certificate
  readonly own: KeyObject
}

function whyNotTogether(
  { cert, key }: Pick<TlsPair, 'cert' | 'key'>,
  { leaf, own }: Together,
): { readonly cert: string } | { readonly key: string } | null {
  if (!leaf.checkPrivateKey(own)) {
    const isLater = (cert.match(certificates) ?? []).slice(1).some((one) => isOf(one, own))
    return isLater
      ? { cert: "must begin with the server's own certificate; the one of its key comes later" }
      : { key: 'is not the key of that certificate' }
  }
  try {
    createSecureContext({ cert, key })
    return null
  } catch (error) {
    return { cert: `cannot be used (${codeOf(error)})` }
  }
}

function isOf(certificate: string, key: KeyObject): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(key)
  } catch {
    return false
  }
}

const soonDays = 14
const dayMs = 86_400_000

/** What is wrong with a certificate that works: browsers refuse it, now or soon. */
export function tlsWarning(pair: TlsPair, { now, host }: { now: number; host: string }): string | null {
  const day = (date: Date): string => date.toISOString().slice(0, 10)
  const { notBefore, notAfter } = pair
  if (notAfter.getTime() <= now) return `the certificate ended on ${day(notAfter)}`
  if (notBefore.getTime() > now) return `the certificate begins on ${day(notBefore)}`
  if (!pair.names(host) && !isLoopbackHost(host)) return `the certificate does not name ${host}`
  const left = Math.floor((notAfter.getTime() - now) / dayMs)
  return left < soonDays ? `the certificate ends on ${day(notAfter)}` : null
}
