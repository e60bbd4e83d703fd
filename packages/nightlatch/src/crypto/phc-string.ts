/**
 * An argon2id hash in the PHC string format, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, read before any
 * memory is given to it: a damaged or planted row must not make us allocate four gigabytes.
 */
export interface Argon2Setting {
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly lanes: number
}

/** OWASP's recommendation (Password Storage Cheat Sheet): argon2id, 19 MiB, two passes, one lane. */
export const todaysSetting: Argon2Setting = { memory: 19_456, passes: 2, lanes: 1 }

const most: Argon2Setting = { memory: 256 * 1024, passes: 10, lanes: 8 }
const shape =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** The setting that a hash was made with, or null when it is malformed or beyond reason. */
export function parsePhcString(hash: string): Argon2Setting | null {
  const match = hash.length <= 256 ? shape.exec(hash) : null
  if (match === null) return null
  const [memory = 0, passes = 0, lanes = 0] = match.slice(1, 4).map(Number)
  const sound = lanes >= 1 && passes >= 1 && memory >= 8 * lanes
  const bearable = memory <= most.memory && passes <= most.passes && lanes <= most.lanes
  return sound && bearable ? { memory, passes, lanes } : null
}

export function writePhcString(setting: Argon2Setting, salt: Buffer, hash: Buffer): string {
  const { memory, passes, lanes } = setting
  const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${plain(salt)}$${plain(hash)}`
}

export function isWeaker(one: Argon2Setting, other: Argon2Setting): boolean {
  return one.memory < other.memory || one.passes < other.passes
}
