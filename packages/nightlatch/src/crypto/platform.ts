import { hash, randomBytes } from 'node:crypto'
import { domainToASCII } from 'node:url'
import type { Platform } from '../core/ports/platform.js'

/** The real platform: this machine's clock and random numbers. Hashing stays off the thread pool (it is short). */
export const nodePlatform: Platform = {
  nowSeconds: () => Math.floor(Date.now() / 1000),
  randomBytes: (count) => randomBytes(count),
  sha256: (text) => hash('sha256', text, 'hex'),
  domainToAscii: (domain) => domainToASCII(domain),
}
