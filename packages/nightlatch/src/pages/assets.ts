/**
 * The files that the pages need from the server. Nothing is read here: whoever serves them reads them from
 * `assetFolder`, which lies beside this module both in the sources and in the build.
 */
export const assetFolder = new URL('./assets/', import.meta.url)

export type AssetName = 'css' | 'js' | 'icon'

export const assetFiles: Readonly<Record<AssetName, { readonly file: string; readonly type: string }>> = {
  css: { file: 'nightlatch.css', type: 'text/css; charset=utf-8' },
  js: { file: 'nightlatch.js', type: 'text/javascript; charset=utf-8' },
  icon: { file: 'mark.svg', type: 'image/svg+xml' },
}

export const assetNames: readonly AssetName[] = ['css', 'js', 'icon']

/** A name that changes with the content, so that it may be kept for ever: `nightlatch.1a2b3c4d.css`. */
export const hashedName = (name: AssetName, hash: string): string =>
  assetFiles[name].file.replace('.', `.${hash}.`)
