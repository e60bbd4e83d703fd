/**
 * HTML as a value. Everything put into a template is escaped, unless it is `Html` already: a page cannot
 * forget to escape, it can only ask for the exception by its name, `raw`.
 *
 * Values may stand in text and inside quoted attributes, nowhere else.
 *
 * @example
 * render(html`<p title="${'"'}">${'<b>'}</p>`) // '<p title="&#34;">&lt;b&gt;</p>'
 */
const markup = Symbol('html')

/** The key is a symbol, so nothing that arrives as JSON or as a form can pass for markup. */
export interface Html {
  readonly [markup]: string
}

export type HtmlValue = Html | string | number | false | null | undefined | readonly HtmlValue[]

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '`': '&#96;',
}

const special = /[&<>"'`]/

const escape = (text: string): string =>
  special.test(text) ? text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '') : text

/** The named exception: this string is markup already. Never call it with what a person has typed. */
export const raw = (trusted: string): Html => ({ [markup]: trusted })

export const render = (page: Html): string => page[markup]

export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const texts = prepared(strings)
  let out = texts[0] ?? ''
  for (let index = 0; index < values.length; index += 1) {
    out += stringify(values[index]) + (texts[index + 1] ?? '')
  }
  return raw(out)
}

/** A template's own text never changes: it is checked and outdented once. */
const templates = new WeakMap<TemplateStringsArray, readonly string[]>()

function prepared(strings: TemplateStringsArray): readonly string[] {
  const known = templates.get(strings)
  if (known !== undefined) return known
  if (strings.slice(0, -1).some((text) => unquoted.test(text)))
    throw new TypeError('A value in an attribute needs quotes around it')
  const texts = strings.map(outdented)
  templates.set(strings, texts)
  return texts
}

const unquoted = /\s[\w:-]+=$/

/** The source is indented for its readers; a browser needs one white space. */
const outdented = (source: string): string => source.replace(/\n\s+/g, '\n')

function stringify(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  if (isList(value)) return value.map(stringify).join('')
  if (typeof value[markup] !== 'string')
    throw new TypeError('Only text, numbers and markup can stand in a page')
  return value[markup]
}

const isList = (value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] => Array.isArray(value)

/** A name that somebody chose: its own direction must not turn the sentence around it. */
export const named = (text: string): Html => html`<bdi>${text}</bdi>`
