import { damaged, limits, missing, refuseFile } from './problem.js'
import type { XmlParserClass } from './tools.js'

/** An element with its local name: which prefix a writer chose says nothing. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

interface Open {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

/** Builds the elements of a text. No DTD is read, so that no entity is ever resolved. */
class TreeBuilder {
  readonly #stack: Open[] = [{ name: '', attributes: {}, children: [], text: '' }]
  #nodes = 0

  open(name: string, attributes: Readonly<Record<string, unknown>>): void {
    this.#nodes += 1
    if (this.#nodes > limits.xmlNodes) refuseFile('beyond-limit', `it has over ${limits.xmlNodes} elements`)
    if (this.#stack.length > limits.xmlDepth)
      refuseFile('beyond-limit', `its elements lie deeper than ${limits.xmlDepth} in each other`)
    const texts = Object.entries(attributes).map(([key, value]) => [localName(key), String(value)])
    this.#stack.push({
      name: localName(name),
      attributes: Object.fromEntries(texts) as Record<string, string>,
      children: [],
      text: '',
    })
  }

  close(): void {
    const done = this.#stack.pop()
    if (done !== undefined) this.#stack.at(-1)?.children.push(done)
  }

  text(text: string): void {
    const top = this.#stack.at(-1)
    if (top !== undefined) top.text += text
  }

  root(): XmlElement {
    const [root] = this.#stack[0]?.children ?? []
    return root ?? damaged('there is no element in it')
  }
}

/** @throws FileRefusal for what is not well-formed, and for every document type declaration */
export function readXml(text: string, Parser: XmlParserClass | undefined): XmlElement {
  if (Parser === undefined) return missing('SaxesParser')
  const builder = new TreeBuilder()
  const parser = new Parser()
  parser.on('doctype', () =>
    refuseFile('not-supported', 'it has a document type declaration (DTD), which is not read'),
  )
  parser.on('error', () => damaged('it is not well-formed XML'))
  parser.on('opentag', ({ name, attributes }) => builder.open(name, attributes))
  parser.on('closetag', () => builder.close())
  parser.on('text', (piece) => builder.text(piece))
  parser.on('cdata', (piece) => builder.text(piece))
  parser.write(text.replace(/^\ufeff/, '').replace(/\0+$/, ''))
  parser.close()
  return builder.root()
}

export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name)

/** Down a path of names; undefined where it ends. */
export const at = (element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined =>
  path.reduce(childOf, element)

export const textAt = (element: XmlElement | undefined, ...path: readonly string[]): string | undefined =>
  at(element, ...path)?.text.trim()

/** All below with one of the names, in the order of the text. */
export function allNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : allNamed(child, name)))
}
