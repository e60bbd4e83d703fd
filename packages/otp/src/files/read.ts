import { parseJson } from '../raw-entry.js'
import { textToUtf8 } from '../text-bytes.js'
import { openOldAndOtp, sealedBytes } from './bytes-sealed.js'
import { readCsvFormats } from './csv-formats.js'
import type { FoundFile } from './entries.js'
import { isJavaMap, readJavaMap, readPreferences } from './free-otp.js'
import { readPlainJson } from './json-plain.js'
import { sealedJson, type SealedFile } from './json-sealed.js'
import { isKdbx, readKdbx } from './kdbx.js'
import { readKeePassExport } from './keepass-xml.js'
import { readGoogleAuthenticator, readUsersOath } from './lines.js'
import { damaged, FileRefusal, limits, missing, refuseFile } from './problem.js'
import { readPskc } from './pskc.js'
import type { OtpFile, OtpFileFormat } from './result.js'
import { textOf } from './text.js'
import type { FileTools } from './tools.js'
import { readUriList } from './uri-list.js'
import { readXml } from './xml-tree.js'
import { isZip, readZip } from './zip.js'

export interface ReadOptions {
  /** Of an encrypted file; without it, such a file is told as `passphrase-needed`. */
  readonly passphrase?: string | undefined
  /** For what is encrypted, packed, or XML. */
  readonly tools?: FileTools | undefined
}

interface Given {
  readonly passphrase: string | null
  readonly tools: FileTools | undefined
}

function toolsOf({ tools }: Given): FileTools {
  return tools ?? missing('all')
}

function open({ open: unseal }: SealedFile, given: Given): Promise<FoundFile> {
  if (given.passphrase === null)
    return refuseFile('passphrase-needed', 'it is encrypted, and there is no passphrase')
  return unseal({ passphrase: given.passphrase, tools: toolsOf(given) })
}

/** Says what was recognised, also where it cannot be read, and whatever lies in what was decrypted. */
async function as(format: OtpFileFormat, reading: () => Promise<FoundFile> | FoundFile): Promise<FoundFile> {
  try {
    return { ...(await reading()), format }
  } catch (problem) {
    if (problem instanceof FileRefusal) problem.format ??= format
    throw problem
  }
}

async function readXmlFile(text: string, given: Given): Promise<FoundFile> {
  const root = readXml(text, given.tools?.SaxesParser)
  if (root.name === 'KeyContainer') return as('pskc', () => readPskc(root, given.passphrase, toolsOf(given)))
  if (root.name === 'KeePassFile') return readKeePassExport(root)
  if (root.name === 'map') return readPreferences(root)
  return refuseFile('unknown-format', 'it is XML of a kind that is not known here')
}

function readJsonFile(text: string, given: Given): Promise<FoundFile> | FoundFile | null {
  const json = parseJson(text)
  if (json === undefined) return null
  const sealed = sealedJson(json)
  return sealed === null ? readPlainJson(json) : as(sealed.format, () => open(sealed, given))
}

/** JSON that a known program began and nobody ended. */
const isCutOff = (text: string): boolean =>
  /^\s*[[{]\s*["{]/.test(text) && parseJson(text) === undefined && !/^\s*otpauth/im.test(text)

async function readTextFile(text: string, given: Given): Promise<FoundFile> {
  if (/^\s*[[{]/.test(text)) {
    const found = await readJsonFile(text, given)
    if (found !== null) return found
    if (isCutOff(text)) return damaged('it is JSON that is cut off or broken')
  }
  if (/^\s*<\?xml|^\s*<(?:\w+:)?(?:KeyContainer|KeePassFile|map)\b/.test(text))
    return readXmlFile(text, given)
  const found =
    readGoogleAuthenticator(text) ?? readUsersOath(text) ?? readCsvFormats(text) ?? readUriList(text)
  return found ?? refuseFile('unknown-format', 'it is of no kind that is known here')
}

/** All that is known in it; what is around it there, such as pictures, is not looked at, nor another archive. */
async function readArchive(file: Uint8Array, given: Given): Promise<FoundFile> {
  const found: FoundFile[] = []
  for (const one of await readZip(file, given.passphrase, toolsOf(given)))
    try {
      if (!isZip(one)) found.push(await readBytesFile(one, given))
    } catch (problem) {
      if (!(problem instanceof FileRefusal) || problem.why !== 'unknown-format') throw problem
    }
  return joined(found) ?? refuseFile('unknown-format', 'there is nothing in the archive that is known here')
}

/** Several files as one: of the kind that all of them are, if they are. */
function joined(files: readonly FoundFile[]): FoundFile | null {
  const [first, ...others] = files
  if (first === undefined || others.length === 0) return first ?? null
  const isSame = others.every(({ format }) => format === first.format)
  return {
    format: isSame ? first.format : 'zip',
    entries: files.flatMap(({ entries }) => entries),
    leftOut: files.flatMap(({ leftOut }) => leftOut),
    withoutCode: files.reduce((sum, { withoutCode }) => sum + withoutCode, 0),
    warnings: [
      ...new Map(files.flatMap(({ warnings }) => warnings).map((one) => [one.message, one])).values(),
    ],
  }
}

async function readBytesFile(file: Uint8Array, given: Given): Promise<FoundFile> {
  if (isKdbx(file))
    return as('kdbx', () => {
      if (given.passphrase === null)
        return refuseFile('passphrase-needed', 'it is encrypted, and there is no passphrase')
      return readKdbx(file, given.passphrase, toolsOf(given))
    })
  if (isZip(file)) return readArchive(file, given)
  if (isJavaMap(file)) return as('freeotp', () => readJavaMap(file, given.passphrase, toolsOf(given)))
  const text = textOf(file)
  const isText = text !== null && !/(?!\s)\p{Cc}/u.test(text.slice(0, 4096))
  const sealed = sealedBytes(file)
  if (sealed !== null && (!isText || sealed.format !== 'andotp'))
    return as(sealed.format, () => open(sealed, given))
  if (text === null || !isText) return (await oldAndOtp(file, given)) ?? notKnown()
  return readTextFile(text, given)
}

const notKnown = (): never =>
  refuseFile('unknown-format', 'it is neither a text nor a file that is known here')

/** The first versions of andOTP wrote nothing by which to know them: only the passphrase tells. */
async function oldAndOtp(file: Uint8Array, { passphrase, tools }: Given): Promise<FoundFile | null> {
  return passphrase === null || tools === undefined ? null : openOldAndOtp(file, { passphrase, tools })
}

/**
 * Reads what an authenticator app, a password manager or a server has written; which one, it finds out. Never throws
 * for what a file holds: each entry that is left out is listed with the reason, and a file that cannot be read says why.
 * Nothing is spent beyond the limits, whatever the file asks for.
 * @param file bytes, or the text of a file that is text
 */
export async function readOtpFile(file: Uint8Array | string, options: ReadOptions = {}): Promise<OtpFile> {
  const { passphrase = null, tools } = options
  try {
    if (file.length > limits.fileBytes)
      return refuseFile('beyond-limit', `it is larger than ${limits.fileBytes} bytes`)
    const given = { passphrase, tools }
    const bytes = typeof file === 'string' ? textToUtf8(file) : file
    return { parsed: true, ...(await readBytesFile(bytes, given)) }
  } catch (problem) {
    if (!(problem instanceof FileRefusal)) throw problem
    const { why, format, message, tool } = problem
    return { parsed: false, why, format, message, ...(tool === null ? {} : { tool }) }
  }
}
