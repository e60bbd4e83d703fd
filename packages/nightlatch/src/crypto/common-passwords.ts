import { readFileSync } from 'node:fs'

let common: ReadonlySet<string> | null = null

/**
 * The password is among the commonest leaked ones (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 6.2.4). Where they
 * come from stands in `common-passwords.txt`, which is read the first time that somebody chooses a password.
 */
export function isCommon(lowerCase: string): boolean {
  common ??= read()
  return common.has(lowerCase)
}

function read(): ReadonlySet<string> {
  const text = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
  return new Set(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
}
