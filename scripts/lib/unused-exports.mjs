/** Exports that nobody imports: seen by the compiler's parser, over the sources and everything that uses them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'

/**
 * @param {string} root of the repository
 * @param {{ sources: readonly string[], users: readonly string[], entries: readonly string[] }} where folders of what
 *   exports, folders of what may import it besides, and files whose exports are for others
 * @returns {readonly string[]} `file: name`, one line each
 */
export function unusedExports(root, { sources, users, entries }) {
  const own = sources.flatMap((folder) => codeIn(join(root, folder)))
  const used = new Set([...own, ...users.flatMap((folder) => codeIn(join(root, folder)))].flatMap(usesIn))
  return own
    .filter((file) => !file.endsWith('.test.ts') && !entries.includes(relative(root, file)))
    .flatMap((file) =>
      exportsOf(file)
        .filter((name) => !used.has(`${file}#${name}`) && !used.has(`${file}#*`))
        .map((name) => `${relative(root, file)}: ${name}`),
    )
}

const codeIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(ts|tsx|mjs|js)$/.test(entry.name) && !/\.d\.ts$/.test(entry.name),
    )
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !/\/(node_modules|dist|\.next)\//.test(path))

const parsed = (file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)

const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

function exportsOf(file) {
  return parsed(file).statements.flatMap((node) => {
    if (
      ts.isExportDeclaration(node) &&
      node.exportClause !== undefined &&
      ts.isNamedExports(node.exportClause)
    )
      return node.moduleSpecifier === undefined ? node.exportClause.elements.map((one) => one.name.text) : []
    if (!isExported(node)) return []
    if (ts.isVariableStatement(node))
      return node.declarationList.declarations.map((one) => one.name.getText())
    return node.name === undefined ? [] : [node.name.text]
  })
}

/** `file#name` for each name that a file imports or hands on; `file#*` where it takes all of them. */
function usesIn(file) {
  const found = []
  const note = (specifier, names) => {
    const target = resolved(file, specifier)
    if (target !== null) for (const name of names) found.push(`${target}#${name}`)
  }
  const visit = (node) => {
    const [specifier, names] = takenBy(node)
    if (specifier !== undefined) note(specifier, names)
    ts.forEachChild(node, visit)
  }
  const source = parsed(file)
  visit(source)
  // A worker's script says in a comment which types it takes.
  for (const [, names, from] of source.text.matchAll(/@import \{([^}]*)\} from '([^']*)'/g))
    note(
      from,
      names.split(',').map((name) => name.trim()),
    )
  return found
}

/** What a piece of the program takes from elsewhere: the specifier and the names. */
function takenBy(node) {
  if (ts.isImportDeclaration(node))
    return [node.moduleSpecifier.text, namesOf(node.importClause?.namedBindings)]
  if (ts.isExportDeclaration(node)) return [node.moduleSpecifier?.text, namesOf(node.exportClause)]
  if (ts.isImportTypeNode(node)) return [node.argument.literal?.text, [node.qualifier?.getText() ?? '*']]
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return isDynamic ? [node.arguments[0]?.text, ['*']] : []
}

function namesOf(clause) {
  if (clause === undefined || !('elements' in clause)) return ['*']
  return clause.elements.map((one) => (one.propertyName ?? one.name).text)
}

function resolved(file, specifier) {
  if (!specifier.startsWith('.')) return null
  const path = resolve(dirname(file), specifier).replace('/dist/', '/src/')
  return [path.replace(/\.js$/, '.ts'), path].find((one) => existsSync(one)) ?? null
}
