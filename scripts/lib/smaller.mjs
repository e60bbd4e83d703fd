/** What browsers load, without what only readers need: comments and indentation. Nothing is renamed. */
import ts from 'typescript'

const withoutIndentation = (text) => text.replace(/^\s+/gm, '')

export const smallerCss = (text) => withoutIndentation(text.replace(/\/\*[^]*?\*\//g, ''))

/** @param {string} text without template literals of several lines, which would be changed */
export function smallerScript(text) {
  if (text.split('\n').some((line) => line.split('`').length % 2 === 0))
    throw new Error('The script of the pages has a template literal of several lines')
  const compilerOptions = { removeComments: true, target: ts.ScriptTarget.ESNext }
  return withoutIndentation(ts.transpileModule(text, { compilerOptions }).outputText)
}
