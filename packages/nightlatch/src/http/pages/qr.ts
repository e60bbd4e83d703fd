import { crc32 as zlibCrc32, deflateSync } from 'node:zlib'
import encodeQR from 'qr'
import type { QrModules } from '../../pages/index.js'

const quietModules = 4
/** Pixels a module in the picture file. */
const scale = 8

/** The dark and light modules of a QR code for this text, error correction M. */
export const qrModules = (text: string): QrModules => encodeQR(text, 'raw', { ecc: 'medium', border: 1 })

/** The same as a PNG of one bit a pixel, black on white, with a quiet zone of four modules. */
export function qrPng(text: string): Uint8Array {
  const symbol = withoutBorder(qrModules(text))
  const size = (symbol.length + 2 * quietModules) * scale
  const stride = 1 + Math.ceil(size / 8)
  const rows = Buffer.alloc(stride * size, 0xff)
  for (let y = 0; y < size; y += 1) {
    rows[y * stride] = 0 // filter: none
    const row = symbol[Math.floor(y / scale) - quietModules]
    if (row !== undefined) drawRow(rows.subarray(y * stride + 1, (y + 1) * stride), row)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([1, 0, 0, 0, 0], 8) // one bit, greyscale
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function drawRow(pixels: Buffer, row: readonly boolean[]): void {
  row.forEach((dark, module) => {
    if (!dark) return
    for (let pixel = 0; pixel < scale; pixel += 1) {
      const x = (module + quietModules) * scale + pixel
      pixels[x >> 3] = (pixels[x >> 3] ?? 0xff) & ~(0x80 >> (x & 7))
    }
  })
}

const withoutBorder = (modules: QrModules): QrModules => modules.slice(1, -1).map((row) => row.slice(1, -1))

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(zlibCrc32(body))
  return Buffer.concat([length, body, sum])
}
