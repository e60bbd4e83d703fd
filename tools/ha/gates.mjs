/** Lines between members that can be cut, as a network is cut: without a word to either side. */
import { connect, createServer } from 'node:net'

/**
 * Listens, and passes on to a port of this machine for as long as it is open.
 * @param {number} port
 * @param {number} target
 */
export async function openGate(port, target) {
  const pairs = new Set()
  let isShut = false
  const pass = (from, to) => {
    from.on('data', (chunk) => {
      if (!isShut) to.write(chunk)
    })
    from.on('error', () => undefined)
    // Behind a cut nobody hears that the other side has gone.
    from.on('close', () => {
      if (!isShut) to.destroy()
    })
  }
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    const pair = [near, far]
    pairs.add(pair)
    pass(near, far)
    pass(far, near)
    near.on('close', () => pairs.delete(pair))
  })
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  server.unref()
  return {
    shut() {
      isShut = true
    },
    /** What was on its way meanwhile is lost, and so are its connections. */
    open() {
      isShut = false
      for (const socket of [...pairs].flat()) socket.destroy()
      pairs.clear()
    },
    close() {
      server.close()
      for (const socket of [...pairs].flat()) socket.destroy()
    },
  }
}
