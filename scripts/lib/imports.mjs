/** What the sources import, seen by the compiler's parser: for cycles, and for imports that lint does not see. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { mayImport, placeOf, wallAround } from './walls.mjs'

/**
 * @typedef {{ specifier: string, kind: 'value' | 'type' | 'dynamic' }} Import
 * @param {string} text
 * @returns {Import[]}
 */
export function importsOf(text) {
  const found = []
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest)
  const visit = (node) => {
    const specifier = node.moduleSpecifier ?? node.arguments?.[0]
    const text = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : null
    if (text !== null && (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)))
      found.push({ specifier: text, kind: isTypeOnly(node) ? 'type' : 'value' })
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      for (const one of possibleTexts(file, node.arguments[0]))
        found.push({ specifier: one, kind: 'dynamic' })
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** A literal, or a constant that is one of several: `const name = isNew ? 'one' : 'other'`. */
function possibleTexts(file, node) {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isConditionalExpression(node))
    return [...possibleTexts(file, node.whenTrue), ...possibleTexts(file, node.whenFalse)]
  const constant = ts.isIdentifier(node) ? constantNamed(file, node.text) : null
  return constant === null ? ['(computed)'] : possibleTexts(file, constant)
}

function constantNamed(file, name) {
  const found = []
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText(file) === name) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(file)
  const [only, ...others] = found
  const isConstant = only !== undefined && (only.parent?.flags ?? ts.NodeFlags.Const) & ts.NodeFlags.Const
  return isConstant && others.length === 0 ? (only.initializer ?? null) : null
}

function isTypeOnly(node) {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  const names = node.importClause?.namedBindings
  const allTypes =
    names !== undefined &&
    ts.isNamedImports(names) &&
    node.importClause.name === undefined &&
    names.elements.length > 0 &&
    names.elements.every((element) => element.isTypeOnly)
  return node.importClause?.isTypeOnly === true || allTypes
}

/** Every source file of a folder, without its tests. */
export function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** Cycles of value imports: each as the files on the way round. */
export function cyclesIn(folder) {
  const graph = new Map(sourcesIn(folder).map((file) => [file, valueImports(file)]))
  const done = new Set()
  const cycles = []
  const visit = (file, way) => {
    const at = way.indexOf(file)
    if (at >= 0) cycles.push([...way.slice(at), file].map((one) => relative(folder, one)))
    if (at >= 0 || done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}

function valueImports(file) {
  return importsOf(readFileSync(file, 'utf8'))
    .filter(({ kind, specifier }) => kind === 'value' && specifier.startsWith('.'))
    .map(({ specifier }) => resolve(dirname(file), specifier))
    .map((path) => (existsSync(path) ? path : path.replace(/\.js$/, '.ts')))
}

/** Dynamic imports that go where the folder's wall does not let static ones go. */
export const dynamicCrimes = (source, walls) =>
  sourcesIn(source).flatMap((file) => {
    const wall = wallAround(walls, source, file)
    if (wall === undefined) return []
    return importsOf(readFileSync(file, 'utf8'))
      .filter(({ kind }) => kind === 'dynamic')
      .map(({ specifier }) => placeOf(source, file, specifier))
      .filter((place) => !mayImport(wall, place, { isType: false }))
      .map((place) => `${relative(source, file)} imports ${place}: ${wall.message}`)
  })
