import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { AssetName, Site } from '../pages/index.js'
import { assetFiles, assetNames, hashedName } from '../pages/index.js'
import type { HttpResponse, HttpRequest } from './request.js'

export interface Asset {
  readonly type: string
  readonly plain: Uint8Array
  readonly gzipped: Uint8Array
}

/** The pages' files under names that change with their content. `read` gives a file's bytes by its name. */
export function loadAssets(
  base: string,
  read: (file: string) => Uint8Array,
): {
  assets: Map<string, Asset>
  addresses: Site['assets']
} {
  const assets = new Map<string, Asset>()
  const address = (name: AssetName): string => {
    const { file, type } = assetFiles[name]
    const plain = read(file)
    const path = `/assets/${hashedName(name, createHash('sha256').update(plain).digest('hex').slice(0, 12))}`
    assets.set(path, { type, plain, gzipped: gzipSync(plain, { level: 9 }) })
    return base + path
  }
  const [css, js, icon] = assetNames.map(address)
  return { assets, addresses: { css: css ?? '', js: js ?? '', icon: icon ?? '' } }
}

export function assetAnswer(request: HttpRequest, asset: Asset): HttpResponse {
  const gzip = (request.header('accept-encoding') ?? '').includes('gzip')
  return {
    status: 200,
    headers: {
      'content-type': asset.type,
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'Accept-Encoding',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    },
    cookies: [],
    body: gzip ? asset.gzipped : asset.plain,
  }
}
