/** Reads our own output: regular, lower case, every attribute in double quotes. */

const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&#34;': '"',
  '&#39;': "'",
  '&#96;': '`',
  '&amp;': '&',
}

const decode = (text: string): string => text.replace(/&[^;]+;/g, (entity) => entities[entity] ?? entity)

const tag = /<(\/?[a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/g

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

export function elements(page: string, name?: string): readonly Element[] {
  const all = [...page.matchAll(tag)].map((match) => ({
    name: match[1] ?? '',
    attributes: Object.fromEntries(
      [...(match[2] ?? '').matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, key, value]) => [
        key ?? '',
        decode(value ?? ''),
      ]),
    ),
  }))
  return name === undefined ? all : all.filter((element) => element.name === name)
}

/** The page without what was put into it: its tags and the names of their attributes, in order. */
export const skeleton = (page: string): readonly string[] =>
  elements(page).map(({ name, attributes }) => `${name} ${Object.keys(attributes).join(' ')}`)

export const title = (page: string): string => decode(/<title>([^<]*)<\/title>/.exec(page)?.[1] ?? '')

/** What a person can read or hear: text, labels and titles. */
export function words(page: string): string {
  const heard = elements(page).flatMap(({ attributes }) =>
    [
      'aria-label',
      'title',
      'alt',
      'placeholder',
      'data-shown',
      'data-hidden',
      'data-copied',
      'data-failed',
      'data-over',
    ].map((key) => attributes[key] ?? ''),
  )
  return decode([page.replace(/<[^>]*>/g, ' '), ...heard].join(' ')).replace(/\s+/g, ' ')
}

const inner = (page: string, name: string): readonly { attributes: string; text: string }[] =>
  [...page.matchAll(new RegExp(`<${name}(\\s[^>]*)?>([\\s\\S]*?)</${name}\\s*>`, 'g'))].map((match) => ({
    attributes: match[1] ?? '',
    text: decode((match[2] ?? '').replace(/<[^>]*>/g, ''))
      .replace(/\s+/g, ' ')
      .trim(),
  }))

/** What a screen reader calls the buttons, or the links, of a page. */
export const accessibleNames = (page: string, name: 'button' | 'a'): readonly string[] =>
  inner(page, name).map(({ attributes, text }) => /aria-label="([^"]*)"/.exec(attributes)?.[1] ?? text)
