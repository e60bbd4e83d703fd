/** A copy of the workspace in which every change of a layer can be switched on, in every process that it starts. */
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { bundle } from '../bundle.mjs'
import { ensureBuilt, root } from '../set-up.mjs'
import { fetched } from './fetched.mjs'

const product = 'packages/nightlatch'
const switches = 'shared/mutants'

/** What the changed code asks: which change is on, or, while it is recorded, which ones it comes past. */
const switchesText = (state) => `// @ts-nocheck
import { appendFileSync, readFileSync } from 'node:fs'
const active = readFileSync(${JSON.stringify(join(state, 'active'))}, 'utf8')
let around = ''
let seen = new Set()
export function stryMutAct_9fa48(id) {
  return id === active
}
export function stryCov_9fa48(...ids) {
  if (active !== 'record') return
  const suite = globalThis.nightlatchSuite ?? ''
  if (suite !== around) [around, seen] = [suite, new Set()]
  const fresh = ids.filter((id) => !seen.has(id))
  if (fresh.length === 0) return
  for (const id of fresh) seen.add(id)
  // At once: some of these processes are killed.
  appendFileSync(${JSON.stringify(join(state, 'reached'))}, JSON.stringify({ suite, ids: fresh }) + '\\n')
}
`

/** @returns the changes, with the text that each of them puts in place of another */
export async function makeCopy({ layer, folder, tools }) {
  ensureBuilt()
  const skipped = /[/](node_modules|[.]git|[.]cache)$/
  cpSync(root, folder, { recursive: true, filter: (path) => !skipped.test(path) })
  linkPackages(folder)
  fetched(tools, ['instrumenter'])
  const { files, mutants } = await instrumented(layer, tools)
  const [src, dist, state] = ['src', 'dist', 'state'].map((name) => join(folder, product, name))
  mkdirSync(state, { recursive: true })
  const written = [
    ...files.map(({ name, content }) => [name.slice('src/'.length, -'.ts'.length), content]),
    [switches, switchesText(state)],
  ]
  for (const [name, content] of written) {
    writeFileSync(join(src, `${name}.ts`), content)
    writeFileSync(join(dist, `${name}.js`), compiled(content))
  }
  switchOn(folder, '')
  await bundle(join(folder, product))
  return mutants
}

/** From now on every process of the copy starts with this change; `record`: writes down which ones it comes past. */
export function switchOn(folder, id) {
  const state = join(folder, product, 'state')
  writeFileSync(join(state, 'active'), id)
  // Some of the processes run as nobody in particular.
  writeFileSync(join(state, 'reached'), '', { mode: 0o666 })
}

/**
 * The changes that processes have come past since `record` was switched on, by their ids: in which suites of the test file, or
 * `''` where that is not known.
 */
export function reached(folder) {
  const found = new Map()
  for (const line of readFileSync(join(folder, product, 'state/reached'), 'utf8')
    .split('\n')
    .filter(Boolean)) {
    const { suite, ids } = JSON.parse(line)
    for (const id of ids) found.set(id, (found.get(id) ?? new Set()).add(suite))
  }
  return found
}

function linkPackages(folder) {
  const [lent, links] = [root, folder].map((place) => join(place, 'node_modules'))
  rmSync(links, { recursive: true, force: true })
  mkdirSync(join(links, '@nightlatch'), { recursive: true })
  for (const name of readdirSync(lent))
    if (!name.startsWith('.') && !['nightlatch', '@nightlatch'].includes(name))
      symlinkSync(join(lent, name), join(links, name))
  symlinkSync(join(folder, product), join(links, 'nightlatch'))
  symlinkSync(join(folder, 'packages/otp'), join(links, '@nightlatch/otp'))
  if (existsSync(join(lent, '.bin'))) symlinkSync(join(lent, '.bin'), join(links, '.bin'))
}

async function instrumented(layer, tools) {
  const entry = join(tools, 'node_modules/@stryker-mutator/instrumenter/dist/src/index.js')
  const { Instrumenter } = await import(pathToFileURL(entry).href)
  const silent = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false }
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: true }
  const sources = typeScriptOf(layer).map((path) => ({ name: path, mutate: true, content: textOf(path) }))
  const { files, mutants } = await new Instrumenter(silent).instrument(sources, options)
  return {
    files: files.map(({ name, content }) => ({ name, content: `${headerOf(name)}${content}` })),
    mutants: mutants.map(described),
  }
}

const textOf = (path) => readFileSync(join(root, product, path), 'utf8')

const typeScriptOf = (layer) =>
  readdirSync(join(root, product, 'src', layer), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', layer, name))
    .sort()

function headerOf(name) {
  const way = relative(dirname(name), join('src', switches))
  const from = way.startsWith('.') ? way : `./${way}`
  return `// @ts-nocheck\nimport { stryMutAct_9fa48, stryCov_9fa48 } from '${from}.js'\n`
}

function described({ id, fileName, mutatorName, replacement, location: { start, end } }) {
  const text = textOf(fileName)
  const lines = text.split('\n').slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column)
  lines[0] = lines[0].slice(start.column)
  const original = lines.join('\n')
  const file = fileName.slice('src/'.length)
  const key = [file, start.line + 1, start.column, mutatorName, original, replacement].join(' ')
  const source = createHash('sha256').update(text).digest('hex').slice(0, 16)
  return { id, key, file, source, line: start.line + 1, mutatorName, original, replacement }
}

const compiled = (text) =>
  ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  }).outputText
