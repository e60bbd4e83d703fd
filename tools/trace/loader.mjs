/** Runs beside the program: each module of ours is changed on its way in. */
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ours = /\/packages\/(otp|nightlatch)\/dist\/(.*)\.js$/

export async function load(url, context, next) {
  const loaded = await next(url, context)
  const [, folder, file] = ours.exec(url) ?? []
  if (file === undefined || loaded.format !== 'module') return loaded
  const name = folder === 'otp' ? `otp/${file}` : file
  return { ...loaded, source: instrument(String(loaded.source), fileURLToPath(url), name) }
}

/** Says at the beginning of each function which one it is. */
function instrument(text, path, file) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const inserts = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      const call = `__entered(${JSON.stringify(file)}, ${line + 1})`
      const { body } = node
      if (ts.isBlock(body)) inserts.push([body.getStart(source) + 1, `${call};`])
      else inserts.push([body.getStart(source), `(${call}, `], [body.getEnd(), ')'])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return inserts
    .sort(([one], [other]) => other - one)
    .reduce((changed, [at, what]) => changed.slice(0, at) + what + changed.slice(at), text)
}
