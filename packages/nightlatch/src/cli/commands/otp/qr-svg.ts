import { qrPath } from '../../../shared/qr-path.js'
import type { Pixels } from './pixels.js'

/** Black on white, one path, a unit a module; the border is in the modules. */
export function qrSvg(modules: readonly (readonly boolean[])[]): string {
  const size = modules.length
  const edge = size * 8
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${edge}" height="${edge}" viewBox="0 0 ${size} ${size}" ` +
    `shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/>` +
    `<path d="${qrPath(modules)}"/></svg>\n`
  )
}

const pixelsPerModule = 4
/** Version 40 has 177 modules, and a border on either side. */
const mostModules = 200

/** The pixels of an SVG as `otp qr --svg` and the set-up page write it: rows of dark modules. Null for any other. */
export function pixelsOfSvg(text: string): Pixels | null {
  const size = Number(/\bviewBox="0 0 (\d+) \1"/.exec(text)?.[1] ?? 0)
  const path = /<path\b[^>]*\bd="((?:M\d+ \d+h\d+v1h-\d+z)+)"/.exec(text)?.[1]
  if (path === undefined || size < 1 || size > mostModules) return null
  const edge = size * pixelsPerModule
  const data = new Uint8ClampedArray(edge * edge * 4).fill(255)
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let row = 0; row < pixelsPerModule; row += 1) {
      const start = (Number(y) * pixelsPerModule + row) * edge + Number(x) * pixelsPerModule
      for (let at = start; at < start + Number(length) * pixelsPerModule; at += 1)
        data.fill(0, at * 4, at * 4 + 3)
    }
  return { width: edge, height: edge, data }
}
