import { describe, expect, it } from 'vitest'
import { html, named, raw, render } from '../../../src/pages/layout/html.js'

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '` onfocus=alert(1) autofocus `',
  '</title></textarea></style><svg/onload=alert(1)>',
  '<!--',
  '&lt;b&gt;',
]

describe('the html tag', () => {
  it.each(hostile)('leaves no markup in text or in an attribute: %s', (text) => {
    const out = render(html`<p title="${text}">${text}</p>`)
    const [, attribute, content] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(out) ?? []
    expect(attribute).toBeDefined()
    expect(content).toBe(attribute)
    expect(out).not.toMatch(/[`']|&(?!amp;|lt;|gt;|#34;|#39;|#96;)/)
  })

  it.each(['{{7*7}}', '${7*7}', '<%= 7*7 %>', '#{7*7}'])('shows template syntax as it is: %s', (text) => {
    const out = render(html`<p>${text}</p>`)
    expect(out).toContain('7*7')
    expect(out).not.toContain('49')
  })

  it('passes markup and lists of markup through, and escapes only once', () => {
    const items = ['a & b', '<c>'].map((item) => html`<li>${item}</li>`)
    expect(render(html`<p>${items}</p>`)).toBe('<p><li>a &amp; b</li><li>&lt;c&gt;</li></p>')
  })

  it('shows nothing for what is absent, and zero for zero', () => {
    expect(render(html`<p>${undefined}${null}${false}${[]}${0}</p>`)).toBe('<p>0</p>')
  })

  it('is not fooled by data that looks like markup', () => {
    const forged = JSON.parse('{"html":"<b>","markup":"<b>","toString":"<b>"}') as unknown as string
    expect(() => html`<p>${forged}</p>`).toThrow('Only text')
  })

  it('refuses a value in an attribute without quotes', () => {
    expect(() => html`<p title=${'x'}></p>`).toThrow('quotes')
    expect(render(html`<a href="/x?next=${'/y'}"></a>`)).toBe('<a href="/x?next=/y"></a>')
  })

  it('lets raw strings in by that name only', () => {
    expect(render(html`<p>${raw('<b>bold</b>')}</p>`)).toBe('<p><b>bold</b></p>')
  })

  it('keeps the direction of a name to itself', () => {
    expect(render(named('\u202Egnp.exe'))).toBe('<bdi>\u202Egnp.exe</bdi>')
  })
})
