import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isPublicSuffix } from '../../config/parsers.js'
import type { Settings } from '../../config/read.js'
import { problemsOfTls, readTls, tlsWarning } from '../../config/tls-files.js'
import type { Finding } from '../../core/maintenance/finding.js'
import { fail, ok, warn } from '../../core/maintenance/finding.js'
import { isoSeconds } from '../../shared/time.js'
import type { CheckedSite } from './inside.js'

/** Node 20 got its last security fix in April 2026. */
const oldestMaintainedNode = 22
export const isMaintainedNode = Number(process.versions.node.split('.')[0]) >= oldestMaintainedNode

export const unmaintained = `it gets no security fixes any more: use Node ${oldestMaintainedNode} or later`

export function checkNode(): Finding {
  return isMaintainedNode
    ? ok('node', `Node ${process.versions.node}`)
    : warn(
        'node',
        `Node ${process.versions.node} gets no security fixes any more`,
        `use Node ${oldestMaintainedNode} or later`,
      )
}

export function checkPermissions(settings: Settings): readonly Finding[] {
  const { dataFolder, database, rootKey } = settings
  const files = [
    rootKey.kind === 'file' ? [rootKey.path] : [],
    database.kind === 'sqlite' ? [database.file, `${database.file}-wal`] : [],
  ]
  const open = [dataFolder, ...files.flat()].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  )
  if (!existsSync(dataFolder)) return []
  if (open.length === 0) return [ok('permissions', 'only the owner can read the data folder')]
  return [
    fail(
      'permissions',
      `others can get at ${open.join(', ')}`,
      `chmod -R go= ${dirname(open[0] ?? dataFolder) === dirname(dataFolder) ? dataFolder : dirname(open[0] ?? dataFolder)}`,
    ),
  ]
}

/** The files that this command was told of: whether the server could use them if it read them now. */
export function checkTls({ tls, origin }: Settings): readonly Finding[] {
  if (tls === null) return []
  const problems = problemsOfTls(tls)
  if (problems.length > 0) return problems.map((text) => fail('tls', text, 'mend the files, then SIGHUP'))
  const { keyFile } = tls
  if ((statSync(keyFile).mode & 0o044) !== 0)
    return [warn('tls', `others can read ${keyFile}`, `chmod go= ${keyFile}`)]
  const read = readTls(tls)
  if (read.kind === 'problems') return []
  const warning = tlsWarning(read.pair, { now: Date.now(), host: new URL(origin).hostname })
  return [
    warning === null
      ? ok('tls', `the certificate is good until ${isoSeconds(read.pair.notAfter.getTime() / 1000)}`)
      : warn('tls', warning, 'renew it: the server reads the files again by itself'),
  ]
}

export function checkProxy({
  settings: { origin, tls, trustedProxies },
  installation,
}: CheckedSite): Finding {
  if (tls !== null || installation?.servesTls === true) return ok('proxy', 'none: https is served by itself')
  if (trustedProxies.size > 0) return ok('proxy', `${trustedProxies.size} trusted`)
  if (installation?.trustsProxies === true) return ok('proxy', 'the server trusts the one before it')
  if (installation?.door === 'protect' && !origin.startsWith('https:'))
    return ok('proxy', `none: nightlatch protect stands in front of ${installation.application} itself`)
  return origin.startsWith('https:')
    ? warn(
        'proxy',
        'https is ended by a proxy that is not trusted, so that all people share its address',
        'set NIGHTLATCH_TRUSTED_PROXIES',
      )
    : ok('proxy', 'none, and none needed')
}

export function checkCookies({ origin, cookieDomain }: Settings): Finding {
  const { hostname } = new URL(origin)
  if (cookieDomain === null)
    return ok('cookies', `${hostname} alone; NIGHTLATCH_COOKIE_DOMAIN adds hosts beside it`)
  return isPublicSuffix(cookieDomain)
    ? fail(
        'cookies',
        `browsers take no cookie for all of ${cookieDomain}`,
        'set NIGHTLATCH_COOKIE_DOMAIN to the domain that is yours',
      )
    : ok('cookies', `${hostname}, and forward authentication for every host below ${cookieDomain}`)
}
