/** Codes of refusals that nobody sends, and problems that are written beside the one table. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'

/** The doors, which refuse; the two tables only name the codes. */
const doors = ['http', 'protect', 'adapters', 'compose']
const tables = ['http/problems.ts', 'http/api/endpoints.ts']
/** Where the type of a problem's body stands: in the one function that makes such a body, and in the OpenAPI document. */
const makers = ['http/response.ts', 'http/api/openapi.ts']

/**
 * @param {string} src the source folder of the server
 * @param {readonly string[]} codes of the table
 * @returns {readonly string[]} one line for each fault
 */
export function problemsOfCodes(src, codes) {
  const files = doors.flatMap((folder) => codeIn(join(src, folder)))
  const nameOf = (file) => relative(src, file).split(sep).join('/')
  const sent = new Set(files.filter((file) => !tables.includes(nameOf(file))).flatMap(valuesIn))
  const beside = files.filter(
    (file) =>
      !makers.includes(nameOf(file)) && readFileSync(file, 'utf8').includes('application/problem+json'),
  )
  return [
    ...codes.filter((code) => !sent.has(code)).map((code) => `${code}: is in the table and sent nowhere`),
    ...beside.map((file) => `${nameOf(file)}: makes a problem beside the table (http/problems.ts)`),
  ]
}

const codeIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

/** The text of every literal that is handed on: no type, no name of a case, nothing that is only compared. */
function valuesIn(file) {
  const found = []
  const visit = (node) => {
    if (ts.isStringLiteral(node) && isHandedOn(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
  return found
}

const isHandedOn = ({ parent }) =>
  !ts.isLiteralTypeNode(parent) &&
  !ts.isCaseClause(parent) &&
  !ts.isImportDeclaration(parent) &&
  !(ts.isBinaryExpression(parent) && /^[!=]==$/.test(parent.operatorToken.getText())) &&
  !((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name.getText() === 'kind')
