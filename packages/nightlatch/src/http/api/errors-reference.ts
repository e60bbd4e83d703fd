import { problemsOf } from './endpoints.js'
import type { OperationId } from './operations.js'
import { apiPath, operationIds, operations } from './operations.js'
import type { ProblemCode } from './problems.js'
import { problemCodes, problems } from './problems.js'

/** docs/reference/errors.md, made from the tables. */
export function errorsReference(): string {
  return [
    '# Error codes',
    '',
    '<!-- Generated from packages/nightlatch/src/http/api/problems.ts: change it there. -->',
    '',
    'Every refusal of the JSON interface and of forward authentication is a problem of',
    '[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) with a `code`. Codes are stable; titles are for people and may change.',
    '',
    '```json',
    JSON.stringify({
      type: 'about:blank',
      status: 401,
      code: 'wrong-code',
      title: problems['wrong-code'].title,
    }),
    '```',
    '',
    '| code | status | means | what to do |',
    '| --- | --- | --- | --- |',
    ...problemCodes.map(row),
    '',
    '## By operation',
    '',
    'Beside those that any operation may answer:',
    `${everywhere().map(quoted).join(', ')}.`,
    '',
    '| operation | codes |',
    '| --- | --- |',
    ...operationIds.map(operationRow),
    '',
  ].join('\n')
}

const quoted = (text: string): string => `\`${text}\``

function row(code: ProblemCode): string {
  const { status, title, help } = problems[code]
  return `| \`${code}\` | ${String(status)} | ${title} | ${help} |`
}

const everywhere = (): readonly ProblemCode[] =>
  problemsOf('describe').filter((code) => operationIds.every((id) => problemsOf(id).includes(code)))

function operationRow(id: OperationId): string {
  const { method, path } = operations[id]
  const own = problemsOf(id).filter((code) => !everywhere().includes(code))
  return `| \`${method} ${apiPath}${path.replace(':id', '{id}')}\` | ${own.map(quoted).join(', ')} |`
}
