import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { assetFiles, assetFolder, assetNames, hashedName, render } from '../../src/pages/index.js'
import { samples } from './samples.js'

const file = (name: string): string => readFileSync(new URL(name, assetFolder), 'utf8')
const css = file('nightlatch.css')
const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length

const properties = (block: string): Record<string, string> =>
  Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  )

const [dayBlock = '', nightBlock = ''] = [...css.matchAll(/:root\s*{([^}]*)}/g)].map(
  (match) => match[1] ?? '',
)
const day = properties(dayBlock)
const night = { ...day, ...properties(nightBlock) }

const channel = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[0-9a-f]{2}/gi) ?? []).map((pair) =>
    channel(parseInt(pair, 16) / 255),
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

const textOn: readonly (readonly [string, string])[] = [
  ...['text', 'quiet', 'link', 'bad', 'good', 'note'].flatMap((text) => [
    [text, 'card'] as const,
    [text, 'page'] as const,
  ]),
  ['on-accent', 'accent'],
  ['on-bad', 'bad'],
  ...['bad', 'good', 'note'].flatMap((tone) => [
    [tone, `${tone}-tint`] as const,
    ['text', `${tone}-tint`] as const,
  ]),
]

const shapesOn: readonly (readonly [string, string])[] = [
  ...['edge', 'ring', 'bad', 'good', 'note', 'accent', 'plate'].flatMap((shape) => [
    [shape, 'card'] as const,
    [shape, 'page'] as const,
  ]),
  ['keyhole', 'plate'],
  ['on-accent', 'accent'],
]

describe.each([
  ['day', day],
  ['night', night],
])('UX-A09 the colours by %s', (_name, theme) => {
  it.each(textOn)('%s can be read on %s', (text, ground) => {
    expect(theme[text], text).toMatch(/^#[0-9a-f]{6}$/)
    expect(contrast(theme[text] ?? '', theme[ground] ?? '')).toBeGreaterThanOrEqual(4.5)
  })

  it.each(shapesOn)('%s can be seen on %s', (shape, ground) => {
    expect(contrast(theme[shape] ?? '', theme[ground] ?? '')).toBeGreaterThanOrEqual(3)
  })
})

describe('the style sheet and the script', () => {
  it('name every colour once, among the properties at the top', () => {
    const rest = css.replace(/:root\s*{[^}]*}/g, '')
    const literal = rest.match(/#[0-9a-f]{3,8}\b|\brgb\([^)]*\)/gi) ?? []
    expect(literal.sort()).toEqual(['#fff', 'rgb(15 21 32 / 6%)'])
  })

  it('turn with the direction of the text', () => {
    expect(css).not.toMatch(
      /(margin|padding|border)-(left|right|top|bottom)|text-align:\s*(left|right)|\s(left|right):/,
    )
  })

  it('UX-A10 move nothing', () => {
    expect(css).not.toMatch(/transition|animation|scroll-behavior/)
  })

  it('UX-P03 are small', () => {
    expect(gzipped(css)).toBeLessThanOrEqual(5 * 1024)
    expect(gzipped(file('nightlatch.js'))).toBeLessThanOrEqual(5 * 1024)
    expect(file('mark.svg').length).toBeLessThanOrEqual(600)
  })

  it('UX-P01, UX-P02 leave room in a first visit of 30 KB, and every page fits in the first flight of packets', () => {
    const assets = assetNames.reduce((sum, name) => sum + gzipped(file(assetFiles[name].file)), 0)
    for (const [name, page] of Object.entries(samples())) {
      const size = gzipped(render(page))
      expect(size, name).toBeLessThanOrEqual(14 * 1024)
      expect(size + assets, name).toBeLessThanOrEqual(24 * 1024)
    }
  })

  it('are kept for ever under names that change with them', () => {
    expect(assetNames.map((name) => hashedName(name, '1a2b3c4d'))).toEqual([
      'nightlatch.1a2b3c4d.css',
      'nightlatch.1a2b3c4d.js',
      'mark.1a2b3c4d.svg',
    ])
  })

  it('UX-A13 never keep anybody from pasting, copying or opening a menu', () => {
    expect(file('nightlatch.js')).not.toMatch(/['"](paste|copy|cut|contextmenu|keydown|input)['"]/)
  })
})
