import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A fenced block of a page of the documentation. */
export interface Block {
  readonly file: string
  /** Of its first fence, from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
  /** `name: value` pairs of the comment directly above: `<!-- file: examples/express/app.ts; save: app.ts -->`. */
  readonly says: ReadonlyMap<string, string>
}

export const placeOf = ({ file, line }: Block): string => `${file}:${line}`

/** Every page of the documentation that git knows or would know. */
export function pages(): string[] {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
}

export const blocksOf = (file: string): Block[] => parseBlocks(file, readFileSync(join(root, file), 'utf8'))

/** The fenced blocks of Markdown, without the indentation of the list they may stand in. */
export function parseBlocks(file: string, markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let above = ''
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const [, indent = '', mark = '', language = ''] = /^( *)(`{3,}|~{3,})\s*([^\s`]*)/.exec(line) ?? []
    if (mark !== '') {
      const end = lines.findIndex((one, index) => index > at && one.trim() === mark)
      if (end < 0) throw new Error(`${file}:${at + 1}: this block does not end`)
      const inside = lines.slice(at + 1, end).map((one) => `${one.slice(indent.length)}\n`)
      blocks.push({ file, line: at + 1, language, text: inside.join(''), says: parseComment(above) })
      at = end
    }
    if (line.trim() !== '') above = mark === '' ? line : ''
  }
  return blocks
}

const parseComment = (line: string): Map<string, string> =>
  new Map(
    (/^ *<!-- (.*) -->$/.exec(line)?.[1] ?? '').split('; ').flatMap((pair) => {
      const [, name, value] = /^([a-z]+): (.+)$/.exec(pair) ?? []
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )
