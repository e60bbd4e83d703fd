import { createSocket } from 'node:dgram'

/** Seconds between 1900 and 1970 (RFC 5905 §6). */
const ntpEpoch = 2_208_988_800
const patienceMs = 3000

/** How many seconds our clock is behind a time server's, by SNTP (RFC 5905 §14); null without an answer. */
export function clockOffset(server: string, port = 123): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = createSocket(/^[\da-f:]*:[\da-f:]*$/i.test(server) ? 'udp6' : 'udp4')
    const end = (offset: number | null): void => {
      clearTimeout(patience)
      socket.close()
      resolve(offset)
    }
    const patience = setTimeout(() => end(null), patienceMs)
    const sentAt = Date.now() / 1000
    socket.once('error', () => end(null))
    socket.once('message', (answer) => end(offsetOf(answer, { sentAt, gotAt: Date.now() / 1000 })))
    const request = Buffer.alloc(48)
    // No warning, version 4, client.
    request[0] = 0x23
    socket.send(request, port, server, (error) => {
      if (error !== null) end(null)
    })
  })
}

function offsetOf(answer: Buffer, { sentAt, gotAt }: { sentAt: number; gotAt: number }): number | null {
  const isServer = answer.length >= 48 && (answer.readUInt8(0) & 7) === 4 && answer.readUInt8(1) > 0
  if (!isServer) return null
  const timeAt = (at: number): number =>
    answer.readUInt32BE(at) + answer.readUInt32BE(at + 4) / 2 ** 32 - ntpEpoch
  return (timeAt(32) - sentAt + (timeAt(40) - gotAt)) / 2
}
