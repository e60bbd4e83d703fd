import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

interface Wishes {
  readonly days?: number
  /** Its last day was yesterday. */
  readonly hasEnded?: boolean
  readonly host?: string
  readonly folder?: string
  /** Of the two files. */
  readonly name?: string
}

/** A certificate that vouches for itself, and its key. */
export function makeCertificate(wishes: Wishes = {}): CertificateFiles {
  const { days = 30, host = 'localhost', name = 'own', folder = certificateFolder() } = wishes
  const [cert, key] = [join(folder, `${name}-cert.pem`), join(folder, `${name}-key.pem`)]
  const names = `subjectAltName=DNS:${host},IP:127.0.0.1`
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const subject = ['-subj', `/CN=${host}`, '-addext', names, '-days', String(days)]
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  if (wishes.hasEnded === true)
    execFileSync('openssl', ['x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert], {
      stdio: 'ignore',
    })
  return { cert, key }
}

const folders: string[] = []

function certificateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-tls-'))
  if (folders.length === 0)
    process.once('exit', () => {
      for (const one of folders) rmSync(one, { recursive: true, force: true })
    })
  folders.push(folder)
  return folder
}

/** As the settings take them. */
export const tlsEnv = ({ cert, key }: CertificateFiles): Record<string, string> => ({
  NIGHTLATCH_TLS_CERT: cert,
  NIGHTLATCH_TLS_KEY: key,
})
