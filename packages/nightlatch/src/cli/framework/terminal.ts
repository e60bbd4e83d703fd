import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { In } from './deps.js'
import { Refused } from './errors.js'

/** Standard input of this process. */
export function processStdin(stdin: NodeJS.ReadStream, prompts: NodeJS.WriteStream): In {
  return {
    isTTY: stdin.isTTY,
    async read(limit) {
      const chunks: Uint8Array[] = []
      let length = 0
      for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
        length += chunk.length
        if (length > limit) throw new Refused(`standard input is longer than ${limit} bytes`)
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    },
    async ask(question, { hidden }) {
      // Prompts go to standard error: standard output is for the result.
      prompts.write(question)
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
      const lines = createInterface({ input: stdin, output: hidden ? nowhere : prompts, terminal: hidden })
      const ended = new Promise<never>((_resolve, reject) => {
        lines.once('close', () => reject(new Refused('cancelled, nothing was changed')))
        lines.once('SIGINT', () => lines.close())
      })
      try {
        return await Promise.race([lines.question(''), ended])
      } finally {
        lines.close()
        if (hidden) prompts.write('\n')
      }
    },
  }
}
