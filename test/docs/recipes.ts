import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, root } from './blocks.js'

const folder = 'docs/guides/applications'

/** Pages that say how one application signs in here. recipes.test.ts runs them. */
export const recipes = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)

export interface Recipe {
  readonly file: string
  /** `nightlatch client add …`, in words. */
  readonly commands: readonly (readonly string[])[]
  /** What is set in the application, as a block or as a table. */
  readonly settings: string
}

export function recipeIn(file: string): Recipe {
  const page = readFileSync(join(root, file), 'utf8')
  const [, settings = ''] = /\n## In [^\n]+\n([^]*?)\n## /.exec(page) ?? []
  const lines = blocksOf(file)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trim().split('\n'))
  return { file, commands: lines.map(wordsOf), settings }
}

/** As a shell splits it. */
const wordsOf = (line: string): string[] =>
  Array.from(line.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, word]) => quoted ?? word ?? '')
