import { crc32, deflateSync } from 'node:zlib'

const pixelsPerModule = 8
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A PNG of one bit a pixel, black on white (PNG specification §11.2.2); the border is in the modules. */
export function qrPng(modules: readonly (readonly boolean[])[]): Buffer {
  const edge = modules.length * pixelsPerModule
  const header = Buffer.alloc(13)
  header.writeUInt32BE(edge, 0)
  header.writeUInt32BE(edge, 4)
  header.set([1, 0, 0, 0, 0], 8)
  const rows = modules.flatMap((row) => Array<Buffer>(pixelsPerModule).fill(pixelRow(row)))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** No filter, then eight pixels a byte: as wide as a module, so that a module is a byte. */
const pixelRow = (row: readonly boolean[]): Buffer =>
  Buffer.from([0, ...row.map((dark) => (dark ? 0x00 : 0xff))])

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
