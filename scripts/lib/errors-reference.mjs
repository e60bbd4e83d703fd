const dist = '../../packages/nightlatch/dist'
const { problemsOf } = await import(`${dist}/http/api/endpoints.js`)
const { apiPath, operationIds, operations } = await import(`${dist}/http/api/operations.js`)
const { meaningOf, problemCodes } = await import(`${dist}/http/problems.js`)
const { messages } = await import(`${dist}/pages/words/help.js`)

/** docs/reference/errors.md, made from the tables. */
export function errorsReference() {
  const { status, title } = meaningOf('wrong-code')
  return `# Error codes

<!-- Generated from packages/nightlatch/src/http/problems.ts: change it there. -->

Every refusal has a \`code\`, the same at each door: the JSON interface, forward authentication, \`protect\`, the guards of
the adapters and the pages. Programs get a problem of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457); people get a page,
or the form that they sent, with the same status. Codes are stable; titles are for people and may change.

\`\`\`json
${JSON.stringify({ type: 'about:blank', status, code: 'wrong-code', title })}
\`\`\`

| code | status | means | what to do | page | more |
| --- | --- | --- | --- | --- | --- |
${problemCodes.map(row).join('\n')}

## By operation

Beside those that any operation may answer:
${everywhere().map(quoted).join(', ')}.

| operation | codes |
| --- | --- |
${operationIds.map(operationRow).join('\n')}
`
}

const quoted = (text) => `\`${text}\``

function row(code) {
  const { status, title, help, page, guide } = meaningOf(code)
  const shown = page === undefined ? '' : messages[page].title
  const more = guide === undefined ? '' : `[${guide.replace(/^.*\/|\.md$/g, '')}](../${guide})`
  return `| \`${code}\` | ${status} | ${title} | ${help} | ${shown} | ${more} |`
}

const everywhere = () =>
  problemsOf('describe').filter((code) => operationIds.every((id) => problemsOf(id).includes(code)))

function operationRow(id) {
  const { method, path } = operations[id]
  const own = problemsOf(id).filter((code) => !everywhere().includes(code))
  return `| \`${method} ${apiPath}${path.replace(':id', '{id}')}\` | ${own.map(quoted).join(', ')} |`
}
