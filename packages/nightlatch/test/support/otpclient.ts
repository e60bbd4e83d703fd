/**
 * OTPClient of Debian, which asks for its passphrases at a terminal: `expect` is one. It has no command that adds an account, so its
 * vault is made here, after the source of version 3: a nonce, a salt, AES-256-GCM under PBKDF2 of the passphrase.
 */
import { execFileSync } from 'node:child_process'
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './cli.js'

export const otpClientPrograms = ['otpclient-cli', 'expect'] as const

/** As OTPClient keeps an account. */
export interface OtpClientAccount {
  readonly type: 'TOTP' | 'HOTP'
  readonly label: string
  readonly issuer: string
  readonly secret: string
  readonly digits: number
  readonly algo: string
  readonly period?: number
  readonly counter?: number
}

function vaultOf(accounts: readonly OtpClientAccount[], passphrase: string): Buffer {
  const [nonce, salt] = [randomBytes(16), randomBytes(32)]
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(passphrase, salt, 100_000, 32, 'sha512'), nonce)
  cipher.setAAD(Buffer.concat([nonce, salt]))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(accounts)), cipher.final()])
  return Buffer.concat([nonce, salt, sealed, cipher.getAuthTag()])
}

/** It throws away what was typed before it had turned the echo off: whoever hears nothing for a second types it once more. */
const script = `set timeout 1
set left 60
spawn -noecho {*}$argv
expect {
  "assword: " { send -- "$env(PASSPHRASE)\\r"; exp_continue }
  timeout { incr left -1; if {$left > 0} { send -- "$env(PASSPHRASE)\\r"; exp_continue } }
  eof
}
exit [lindex [wait] 3]
`

/** A home with a vault of these accounts. @returns what runs the program in it, and says what it says */
export function otpClient(
  accounts: readonly OtpClientAccount[],
  passphrase: string,
): (...words: readonly string[]) => string {
  const home = temporaryFolder()
  const [vault, ask] = [join(home, 'vault.enc'), join(home, 'ask')]
  mkdirSync(join(home, '.config'))
  writeFileSync(vault, vaultOf(accounts, passphrase))
  writeFileSync(ask, script)
  const settings = `[config]\ndb_path=${vault}\nuse_secret_service=false\n`
  writeFileSync(join(home, '.config/otpclient.cfg'), settings)
  const env = { PATH: process.env['PATH'], HOME: home, PASSPHRASE: passphrase, LC_ALL: 'C.UTF-8' }
  return (...words) => execFileSync('expect', [ask, 'otpclient-cli', ...words], { env, encoding: 'utf8' })
}
