/** Members of an interface that nobody reads, seen by the compiler: a setting that is described, parsed and dropped. */
import { readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'

const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
}

/**
 * @param {string} src
 * @param {readonly { file: string, name: string }[]} interfaces below `src`; their own folder's reading does not count
 * @returns {readonly string[]} `config/read.ts: Settings.port`, one line each; members of members as well
 */
export function unreadMembers(src, interfaces) {
  const program = ts.createProgram({ rootNames: sourcesIn(src), options })
  const checker = program.getTypeChecker()
  const members = interfaces.flatMap(({ file, name }) =>
    membersOf(program.getSourceFile(join(src, file)), name).map((one) => ({ ...one, file })),
  )
  const read = new Map()
  for (const source of program.getSourceFiles()) {
    if (source.isDeclarationFile) continue
    const file = relative(src, source.fileName).split(sep).join('/')
    for (const node of readIn(source, checker)) read.set(node, [...(read.get(node) ?? []), file])
  }
  return members
    .filter(({ node, file }) => !(read.get(node) ?? []).some((reader) => isElsewhere(reader, file)))
    .map(({ file, path }) => `${file}: ${path}`)
}

/** Where settings are read from the outside, nobody acts on them yet. */
const isElsewhere = (reader, file) =>
  file.startsWith('config/') ? !reader.startsWith('config/') : reader !== file

const sourcesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))

function membersOf(source, name) {
  const found = source?.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name)
  if (found === undefined) throw new Error(`there is no interface ${name}`)
  return signaturesIn(found, name)
}

const signaturesIn = (node, path) =>
  node.members.filter(ts.isPropertySignature).flatMap((member) => {
    const own = `${path}.${member.name.getText()}`
    const inner = member.type && ts.isTypeLiteralNode(member.type) ? signaturesIn(member.type, own) : []
    return [{ node: member, path: own }, ...inner]
  })

/** The declarations of all that a file takes out of an object: `a.b` and `{ b } = a`. */
function readIn(source, checker) {
  const found = []
  const note = (symbol) => found.push(...(symbol?.declarations ?? []))
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node)) note(checker.getSymbolAtLocation(node.name))
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && !node.dotDotDotToken) {
      const name = (node.propertyName ?? node.name).getText()
      note(checker.getTypeAtLocation(node.parent).getProperty(name))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
