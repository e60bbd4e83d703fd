/** Many bytes through one connection, and what the processes in between cost meanwhile. */
import { connect } from 'node:net'

/** Whatever answers: the proxy, and the server that it asks. */
export async function usage({ server, beside }) {
  const all = await Promise.all([server, beside].filter(Boolean).map((one) => one.ask('usage')))
  const sum = (key) => all.reduce((total, one) => total + one[key], 0)
  return { cpuMicros: sum('cpuMicros'), rssBytes: sum('rssBytes') }
}

const every = 16 * 1024 ** 2

/** Counts what comes back; looks at the server every 64 MiB. */
export function download({ server, cookie, bytes, look = async () => undefined }) {
  return new Promise((resolve, reject) => {
    let received = 0
    let next = every
    let looking = Promise.resolve()
    const socket = connect({ port: server.ready.port, host: '127.0.0.1' })
    socket.write(
      `GET /?bytes=${bytes} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
    )
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received < next) return
      next += every
      looking = looking.then(look)
    })
    socket.on('error', reject)
    socket.on('close', () => void looking.then(() => resolve(received)))
  })
}

const piece = Buffer.alloc(64 * 1024, 'x')

/** The application says how much has come. */
export function uploadAll({ server, cookie, bytes, look = async () => undefined }) {
  return new Promise((resolve, reject) => {
    let sent = 0
    let text = ''
    let looking = Promise.resolve()
    const socket = connect({ port: server.ready.port, host: '127.0.0.1' })
    socket.write(
      `POST / HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nContent-Length: ${bytes}\r\nConnection: close\r\n\r\n`,
    )
    const more = () => {
      while (sent < bytes) {
        sent += piece.length
        if (sent % every === 0) looking = looking.then(look)
        if (!socket.write(piece)) return void socket.once('drain', more)
      }
    }
    more()
    socket.on('data', (chunk) => (text += chunk))
    socket.on('error', reject)
    socket.on('close', () => void looking.then(() => resolve(Number(text.split('\r\n\r\n')[1]))))
  })
}
