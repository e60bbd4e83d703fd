import { connect, createServer, type Socket } from 'node:net'

/** Stands between the server and its database, and cuts the line. */
export async function lineTo(target: URL) {
  const sockets = new Set<Socket>()
  let fatalWord: string | null = null
  let cuts = 0
  let mostCuts = Infinity
  let heard: Buffer[] = []
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    near.on('data', (chunk) => {
      heard.push(chunk)
      if (fatalWord === null || !chunk.includes(fatalWord)) return
      cuts += 1
      if (cuts >= mostCuts) fatalWord = null
      near.destroy()
    })
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as { port: number }
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    cut() {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    },
    /** Cuts whenever somebody says the word, so often at most. @returns how often it was said */
    async cutAfter(word: string, act: () => Promise<void>, most = Infinity): Promise<number> {
      ;[fatalWord, cuts, mostCuts] = [word, 0, most]
      await act()
      fatalWord = null
      return cuts
    },
    /** @returns what was said in one go with this word, and the word itself */
    async saidWith(word: string, act: () => Promise<unknown>): Promise<string> {
      heard = []
      await act()
      return heard
        .map((chunk) => chunk.toString('latin1'))
        .filter((text) => text.includes(word))
        .join('')
    },
    async down() {
      const closed = new Promise((resolve) => server.close(resolve))
      this.cut()
      await closed
    },
    up: () => listen(port),
  }
}
