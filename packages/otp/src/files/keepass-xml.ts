import { numberOf, type RawEntry } from '../raw-entry.js'
import { decodeBase64, textToUtf8 } from '../text-bytes.js'
import { hexOrBase32 } from './csv-formats.js'
import { Entries, type Found, type FoundFile } from './entries.js'
import type { OtpFileFormat } from './result.js'
import { textAt, type XmlElement } from './xml-tree.js'

/** A field's value as it is, or decrypted where the file protects it. */
export type Reveal = (value: XmlElement) => string

type Fields = ReadonlyMap<string, string>

function fieldsOf(entry: XmlElement, reveal: Reveal): Fields {
  const fields = new Map<string, string>()
  for (const field of entry.children) {
    if (field.name !== 'String') continue
    const value = field.children.find(({ name }) => name === 'Value')
    fields.set(textAt(field, 'Key') ?? '', value === undefined ? '' : reveal(value))
  }
  return fields
}

const namesOf = (fields: Fields) => ({ issuer: fields.get('Title'), account: fields.get('UserName') })

/** `TimeOtp-Secret`, `-Hex`, `-Base32`, `-Base64`: what KeePass itself has since 2.47. */
function keePassSecret(fields: Fields, kind: 'TimeOtp' | 'HmacOtp'): Uint8Array | string | null {
  const plain = fields.get(`${kind}-Secret`)
  if (plain !== undefined) return textToUtf8(plain)
  const base64 = fields.get(`${kind}-Secret-Base64`)
  if (base64 !== undefined) return decodeBase64(base64.replaceAll(/\s/g, ''))
  const hex = fields.get(`${kind}-Secret-Hex`)
  return hex === undefined ? (fields.get(`${kind}-Secret-Base32`) ?? null) : hexOrBase32(hex)
}

function keePassOtp(fields: Fields, kind: 'TimeOtp' | 'HmacOtp'): Found | null {
  const secret = keePassSecret(fields, kind)
  if (secret === null) return null
  const raw: RawEntry = {
    type: kind === 'TimeOtp' ? 'totp' : 'hotp',
    ...namesOf(fields),
    secret,
    algorithm: given(fields.get('TimeOtp-Algorithm')),
    digits: count(fields.get('TimeOtp-Length')),
    period: count(fields.get('TimeOtp-Period')),
    counter: fields.get('HmacOtp-Counter') ?? '0',
  }
  return { raw }
}

/** A field that is there and empty says nothing. */
const given = (value: string | undefined): string | undefined => (value === '' ? undefined : value)
const count = (value: string | undefined): unknown => numberOf(given(value))

/** `30;6` beside a seed, or `30;S` for Steam: KeeTrayTOTP and KeePassXC before it wrote URIs. */
function trayOtp(fields: Fields): Found | null {
  const seed = fields.get('TOTP Seed')
  if (seed === undefined) return null
  const [period, digits = ''] = (fields.get('TOTP Settings') ?? '').split(';').map((part) => part.trim())
  const raw: RawEntry = {
    type: digits.toUpperCase() === 'S' ? 'steam' : 'totp',
    ...namesOf(fields),
    secret: seed,
    algorithm: 'SHA1',
    digits: count(digits),
    period: count(period),
    counter: 0,
  }
  return { raw }
}

/** `key=…&size=8&step=60` of KeeOtp, or an otpauth URI, or the bare secret. */
function otpField(fields: Fields): Found | null {
  const otp = fields.get('otp')?.trim() ?? ''
  if (otp === '') return null
  const key = /(?:^|&)key=([^&]*)/i.exec(otp)?.[1]
  if (key === undefined) return { uri: otp, names: definedNames(fields) }
  const parameter = (name: string): string | undefined =>
    new RegExp(`(?:^|&)${name}=([^&]*)`, 'i').exec(otp)?.[1]
  const raw: RawEntry = {
    type: parameter('type') ?? 'totp',
    ...namesOf(fields),
    secret: key.replaceAll('%3d', '=').replaceAll('%3D', '='),
    algorithm: parameter('otpHashMode'),
    digits: count(parameter('size')),
    period: count(parameter('step')),
    counter: parameter('counter') ?? '0',
  }
  return { raw }
}

const definedNames = (fields: Fields) => ({
  issuer: fields.get('Title') ?? '',
  account: fields.get('UserName') ?? '',
})

function foundOf(fields: Fields): Found {
  const found =
    otpField(fields) ?? keePassOtp(fields, 'TimeOtp') ?? keePassOtp(fields, 'HmacOtp') ?? trayOtp(fields)
  return found === null ? { none: true } : { name: fields.get('Title') ?? '', ...found }
}

/**
 * The entries of a database as KeePass writes it in XML. Every protected value is passed on the way, older versions of
 * an entry and what lies in the bin, too: the cipher goes on from one to the next.
 */
export function readKeePassXml(root: XmlElement, reveal: Reveal, format: OtpFileFormat): FoundFile {
  const bin = textAt(root, 'Meta', 'RecycleBinUUID')
  const entries = new Entries(format)
  let number = 0
  const walk = (element: XmlElement, isCounted: boolean): void => {
    for (const child of element.children) {
      if (child.name === 'Entry') {
        const fields = fieldsOf(child, reveal)
        if (isCounted) entries.add({ entry: (number += 1) }, foundOf(fields))
        for (const history of child.children) if (history.name === 'History') walk(history, false)
      } else if (child.name === 'Value') reveal(child)
      else
        walk(
          child,
          isCounted && (child.name !== 'Group' || textAt(child, 'UUID') !== bin || bin === undefined),
        )
    }
  }
  walk(root, true)
  return entries.result()
}

/** An export in XML has every value in clear. */
export const readKeePassExport = (root: XmlElement): FoundFile =>
  readKeePassXml(root, (value) => value.text, 'keepass-xml')
