import encodeQR from 'qr'
import { encodePng } from './png.js'

/** `true` is a dark module. */
export type QrModules = readonly (readonly boolean[])[]

/** What ISO/IEC 18004 asks for around the symbol. */
const quietModules = 4

/** The modules of a QR code for this text, with the quiet zone around them. Throws where the text is too long for any. */
export const qrModules = (text: string, ecc: 'low' | 'medium' = 'medium'): QrModules =>
  encodeQR(text, 'raw', { ecc, border: quietModules })

/** Black on white, a byte a module and so eight pixels: its rows need no arithmetic. */
export function qrPng(modules: QrModules): Buffer {
  const edge = modules.length * 8
  const rows = modules.flatMap((row) => Array<Buffer>(8).fill(pixelRow(row)))
  return encodePng({ width: edge, height: edge, bits: 1, rows: Buffer.concat(rows) })
}

const pixelRow = (row: readonly boolean[]): Buffer =>
  Buffer.from([0, ...row.map((dark) => (dark ? 0x00 : 0xff))])
