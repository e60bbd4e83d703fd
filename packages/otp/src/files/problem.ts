import type { OtpFileFormat } from './result.js'

/** Why a file as a whole cannot be read. The codes are stable. */
export type OtpFileProblem =
  | 'beyond-limit'
  | 'damaged'
  | 'not-supported'
  | 'passphrase-needed'
  | 'passphrase-wrong'
  | 'tool-missing'
  | 'unknown-format'

/** Carries a reason out of the nested steps of one reading; it never leaves this folder. */
export class FileRefusal extends Error {
  readonly why: OtpFileProblem
  readonly tool: MissingTool | null
  format: OtpFileFormat | null = null
  constructor(why: OtpFileProblem, message: string, tool: MissingTool | null = null) {
    super(message)
    this.why = why
    this.tool = tool
  }
}

/** What of the tools was not handed over. */
export type MissingTool = 'all' | 'argon2' | 'streams' | 'SaxesParser'

const toolWords: Readonly<Record<MissingTool, string>> = {
  all: 'it is encrypted or packed, and there are no tools for it',
  argon2: 'it needs argon2, which is not here',
  streams: 'it needs stream ciphers, which are not here',
  SaxesParser: 'it is XML, and there is no parser of XML here',
}

export function missing(tool: MissingTool): never {
  throw new FileRefusal('tool-missing', toolWords[tool], tool)
}

export function refuseFile(why: OtpFileProblem, message: string): never {
  throw new FileRefusal(why, message)
}

export const damaged = (what: string): never => refuseFile('damaged', `it is damaged: ${what}`)

export const wrongPassphrase = (): never => refuseFile('passphrase-wrong', 'wrong passphrase')

/** No file may ask for more than these, whoever wrote it: what it asks for is spent before anything can be checked. */
export const limits = {
  fileBytes: 64 * 1024 * 1024,
  inflatedBytes: 64 * 1024 * 1024,
  entries: 200_000,
  zipEntries: 1000,
  xmlDepth: 64,
  xmlNodes: 4_000_000,
  pbkdf2Iterations: 10_000_000,
  scryptBytes: 256 * 1024 * 1024,
  scryptWork: 2 ** 24,
  argon2Kib: 1024 * 1024,
  argon2Work: 16 * 1024 * 1024,
  argon2Lanes: 64,
  aesRounds: 200_000_000,
} as const

const written = (limit: number): string => limit.toLocaleString('en-US')

/** @throws FileRefusal that names the limit */
export function atMost(value: number | bigint, limit: number, what: string): number {
  if (value >= 0 && value <= limit) return Number(value)
  return refuseFile('beyond-limit', `it asks for ${value} ${what}; at most ${written(limit)} are read`)
}

/** A whole number from 1 on, at most the limit. */
export function countOf(value: unknown, limit: number, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 1 || !Number.isInteger(value))
    return damaged(`the number of ${what} is none`)
  return atMost(value, limit, what)
}
