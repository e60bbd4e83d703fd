import { qrPath } from '../../shared/qr-path.js'
import { html, render, type Html } from './html.js'

/** The quiet zone that ISO/IEC 18004 asks for around the symbol; strict readers need it on dark pages. */
const quietModules = 4

/** `true` is a dark module; light rows and columns around the symbol are cut off first. */
export type QrModules = readonly (readonly boolean[])[]

/**
 * Black on white in every theme, as one path. Drawn in modules, so it is sharp at any size.
 *
 * @example
 * render(qrSvg([[true]])) // one module in the middle of 9 × 9
 */
export const qrSvg = (modules: QrModules): Html => draw(modules, html` aria-hidden="true" focusable="false"`)

/** The same as a file of its own. */
export function qrSvgDocument(modules: QrModules): string {
  const edge = sizeOf(withoutBorder(modules)) * pixelsPerModule
  const svg = draw(modules, html` width="${edge}" height="${edge}"`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(svg)}\n`
}

const pixelsPerModule = 8

const sizeOf = (symbol: QrModules): number => symbol.length + 2 * quietModules

function draw(modules: QrModules, attributes: Html): Html {
  const symbol = withoutBorder(modules)
  const size = sizeOf(symbol)
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${size} ${size}"
    shape-rendering="crispEdges"
    ${attributes}
  >
    <rect width="${size}" height="${size}" fill="#fff" />
    <path fill="#000" d="${qrPath(symbol, quietModules)}" />
  </svg>`
}

const rowHasDark = (row: readonly boolean[]): boolean => row.includes(true)

function withoutBorder(modules: QrModules): QrModules {
  const top = modules.findIndex(rowHasDark)
  if (top === -1) return []
  const bottom = modules.findLastIndex(rowHasDark)
  const left = Math.min(...modules.filter(rowHasDark).map((row) => row.indexOf(true)))
  const right = Math.max(...modules.filter(rowHasDark).map((row) => row.lastIndexOf(true)))
  return modules.slice(top, bottom + 1).map((row) => row.slice(left, right + 1))
}
