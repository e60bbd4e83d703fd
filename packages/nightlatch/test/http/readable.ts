/** Pages of ours as text that can be reviewed. */

const blocks = new Set(
  'p h1 h2 h3 div ul ol li form dl dt dd table tr section fieldset legend label header nav details summary pre select textarea button figure'.split(
    ' ',
  ),
)
const alone = new Set(['input', 'img', 'br'])
const filledIn = new Set(['form', 'input', 'select', 'textarea', 'button', 'img'])
const shown = new Set([
  ...['name', 'value', 'type', 'action', 'formaction', 'maxlength', 'aria-describedby'],
  ...['checked', 'required', 'src', 'alt', 'data-passkey', 'data-signal'],
])

/** What is on a page: a line for each block, and for what can be followed, filled in or pressed. */
export function readable(page: string): string[] {
  const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(page)?.[1] ?? page
  return plainer(main)
    .split(/(<[^>]*>)/)
    .map((part) => (part.startsWith('<') ? ofTag(part) : decoded(part).replace(/\s+/g, ' ')))
    .join('')
    .split('\n')
    .map((line) => line.replace(/ +/g, ' ').trim())
    .filter((line) => line !== '' && line !== '*')
}

/** Lists of what can be chosen take a line each. */
const plainer = (main: string): string =>
  main
    .replace(/<(svg|script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<nav[\s\S]*?<\/nav>/g, (nav) => nav.replace(/<\/?(?:ul|li)>/g, ' '))
    .replace(/<option value="([^"]*)"( selected)?[^>]*>/g, ' | $1$2: ')
    .replace(/<\/option\s*>/g, '')
    .replace(/<a[^>]*?href="([^"]*)"[^>]*>([\s\S]*?)<\/a\s*>/g, '[$2]($1)')

function ofTag(tag: string): string {
  const [, closing = '', name = '', rest = ''] = /^<(\/?)([a-z0-9]+)([^>]*)>$/s.exec(tag) ?? []
  const line = blocks.has(name) || alone.has(name) ? '\n' : ''
  return closing === '' ? line + markOf(name, rest) + (alone.has(name) ? '\n' : '') : line
}

function markOf(name: string, rest: string): string {
  if (/^h\d$/.test(name)) return `${'#'.repeat(Number(name[1]))} `
  if (name === 'li') return '* '
  if (!filledIn.has(name)) return ''
  const said = [...rest.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)]
    .filter(([, key = '']) => shown.has(key))
    .map(([, key = '', value]) => (value === undefined ? key : `${key}=${decoded(value)}`))
  return `<${[name, ...said].join(' ')}> `
}

const entities: Readonly<Record<string, string>> = {
  '#34': '"',
  '#39': "'",
  '#96': '`',
  lt: '<',
  gt: '>',
  amp: '&',
}

const decoded = (text: string): string =>
  text.replace(/&([a-z]+|#\d+);/g, (entity, name: string) => entities[name] ?? entity)
