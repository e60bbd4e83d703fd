import { readOtpFile, type FileTools, type OtpFile } from '@nightlatch/otp/files'
import { nodeTools, type OtherTools } from '@nightlatch/otp/node'

type Loaders = Readonly<Record<keyof OtherTools, () => Promise<OtherTools>>>

/** Each is loaded for the format that needs it, and for nothing else. */
const loaders: Loaders = {
  argon2: async () => {
    const { hashRaw } = await import('@node-rs/argon2')
    return {
      argon2: ({ kind, version, passphrase, salt, memoryKib, passes, lanes, length }) =>
        hashRaw(passphrase, {
          algorithm: kind === 'argon2d' ? 0 : 2,
          version: version === 0x10 ? 0 : 1,
          salt,
          memoryCost: memoryKib,
          timeCost: passes,
          parallelism: lanes,
          outputLen: length,
        }),
    }
  },
  streams: async () => {
    const [{ chacha20, hchacha }, { salsa20 }, { poly1305 }] = await Promise.all([
      import('@noble/ciphers/chacha.js'),
      import('@noble/ciphers/salsa.js'),
      import('@noble/ciphers/_poly1305.js'),
    ])
    return { streams: { chacha20, hchacha, salsa20, poly1305 } }
  },
  SaxesParser: async () => {
    const { SaxesParser } = await import('saxes')
    return { SaxesParser: SaxesParser as unknown as NonNullable<FileTools['SaxesParser']> }
  },
}

/** Reads a file with what this program has; a tool that is missed is fetched, and the reading begins anew. */
export async function readFileWithTools(file: Uint8Array, passphrase?: string): Promise<OtpFile> {
  let tools: OtherTools = {}
  for (;;) {
    const read = await readOtpFile(file, { tools: nodeTools(tools), passphrase })
    const missing = read.parsed ? undefined : read.tool
    if (missing === undefined || missing === 'all' || missing in tools) return read
    tools = { ...tools, ...(await loaders[missing]()) }
  }
}
