import { describe, expect, it } from 'vitest'
import { render } from '../../../src/pages/layout/html.js'
import { qrSvg, qrSvgDocument } from '../../../src/pages/layout/qr-svg.js'

const symbol = [
  [true, true, false],
  [false, true, false],
  [true, false, true],
]

const framed = [
  [false, false, false, false, false],
  ...symbol.map((row) => [false, ...row, false]),
  [false, false, false, false, false],
]

describe('the QR code as SVG', () => {
  it('is one black path on white with a quiet zone of four modules', () => {
    const out = render(qrSvg(symbol))
    expect(out).toContain('viewBox="0 0 11 11"')
    expect(out).toContain('<rect width="11" height="11" fill="#fff"')
    expect(out).toContain('shape-rendering="crispEdges"')
    expect(out).toContain('d="M4 4h2v1h-2zM5 5h1v1h-1zM4 6h1v1h-1zM6 6h1v1h-1z"')
  })

  it('is the same whether the modules come with a border or without', () => {
    expect(render(qrSvg(framed))).toBe(render(qrSvg(symbol)))
  })

  it('is a file of its own for the address that serves it', () => {
    const file = qrSvgDocument(symbol)
    expect(file.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<svg')).toBe(true)
    expect(file).toContain('width="88" height="88"')
    expect(file).toContain('xmlns="http://www.w3.org/2000/svg"')
  })
})
