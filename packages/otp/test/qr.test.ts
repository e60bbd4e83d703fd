/** Our URIs survive a QR code: drawn by a foreign encoder, read by two foreign decoders. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import encodeQR from 'qr'
import decodeQR from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { generateSecret, otpauthUri } from '../src/index.js'
import { writeMigration } from '../src/migration.js'
import { VirtualAuthenticator } from '../src/testing.js'

const secret = generateSecret()
const uri = otpauthUri({ issuer: 'Café & Co', account: '张三@example.test', secret })
const phone = new VirtualAuthenticator()
const account = { ...phone.enrol(uri).account, type: 'totp' as const }
const texts = {
  'an otpauth URI': uri,
  'a URI with everything in it': otpauthUri({
    issuer: 'A'.repeat(64),
    account: 'b'.repeat(64),
    secret: new Uint8Array(64).fill(7),
    algorithm: 'SHA512',
    digits: 8,
    periodSeconds: 60,
  }),
  'an export of ten accounts': writeMigration(Array.from({ length: 10 }, () => account))[0]!,
}
const SCALE = 4

/** The modules of a QR code, with its border. */
const modulesOf = (text: string): boolean[][] => encodeQR(text, 'raw', { border: 4 })

/** Grey pixels, row by row, dark on white. */
function pixelsOf(text: string): { width: number; grey: Uint8Array } {
  const rows = modulesOf(text)
  const width = rows.length * SCALE
  const dark = (at: number): boolean =>
    rows[Math.floor(at / width / SCALE)]![Math.floor((at % width) / SCALE)]!
  return { width, grey: Uint8Array.from({ length: width * width }, (_, at) => (dark(at) ? 0 : 255)) }
}

describe.each(Object.entries(texts))('%s', (_name, text) => {
  const { width, grey } = pixelsOf(text)

  it('is read by qr', () => {
    const data = Uint8Array.from({ length: grey.length * 4 }, (_, at) =>
      at % 4 === 3 ? 255 : grey[at >> 2]!,
    )
    expect(decodeQR({ width, height: width, data })).toBe(text)
  })

  const hasZbar = spawnSync('zbarimg', ['--version']).status === 0
  it.skipIf(!hasZbar)(`is read by zbarimg${hasZbar ? '' : ' (skipped: it is not installed)'}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'otp-qr-'))
    try {
      const file = join(folder, 'code.pgm')
      writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${width} ${width} 255\n`), grey]))
      expect(
        execFileSync('zbarimg', ['--quiet', '--nodbus', '--raw', '--oneshot', file], {
          encoding: 'utf8',
        }).trim(),
      ).toBe(text)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('can be enrolled by what the decoder says', () => {
    expect(new VirtualAuthenticator().enrol(text).account.secret.length).toBeGreaterThan(0)
  })
})
