/** What a mail is made of, in the order in which it is read. */
export type Part =
  | { readonly text: string }
  | { readonly facts: readonly (readonly [string, string])[] }
  /** The address stands there to be read, too: whoever does not trust a button can see where it leads. */
  | { readonly link: string; readonly label: string }

export const inText = (parts: readonly Part[]): string => `${parts.map(partInText).join('\n\n')}\n`

function partInText(part: Part): string {
  if ('text' in part) return part.text
  if ('link' in part) return `${part.label}:\n${part.link}`
  const longest = Math.max(...part.facts.map(([name]) => name.length))
  return part.facts.map(([name, value]) => `${`${name}:`.padEnd(longest + 1)} ${value}`).join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one] ?? '')

/**
 * No picture, no script, nothing from elsewhere, and no colour of text or ground, so that it is readable in the light and
 * in the dark as the program that shows it likes.
 */
export const inHtml = (title: string, parts: readonly Part[]): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escape(title)}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:34em;margin:0 auto">
${parts.map(partInHtml).join('\n')}
</div>
</body>
</html>
`

function partInHtml(part: Part): string {
  if ('text' in part) return `<p>${escape(part.text)}</p>`
  if ('facts' in part)
    return `<table role="presentation" style="border-collapse:collapse">
${part.facts.map(([name, value]) => `<tr><td style="padding:2px 16px 2px 0">${escape(name)}</td><td style="padding:2px 0"><bdi>${escape(value)}</bdi></td></tr>`).join('\n')}
</table>`
  const link = escape(part.link)
  return `<p><a href="${link}"><strong>${escape(part.label)}</strong></a><br><span style="font-size:13px;word-break:break-all">${link}</span></p>`
}
