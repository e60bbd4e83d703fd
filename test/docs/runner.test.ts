import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { run } from '../../packages/nightlatch/test/support/cli.js'
import { pages, parseBlocks, root } from './blocks.js'
import { expectSaid, Page } from './page.js'
import { commandsIn } from './terminal.js'

/** Works through a page that is not there. */
async function work(...lines: string[]): Promise<void> {
  const page = await Page.open('made-up.md', parseBlocks('made-up.md', `${lines.join('\n')}\n`))
  try {
    await page.runRest()
  } finally {
    await page.terminal.close()
  }
}

describe('a page is wrong', () => {
  it.each([
    [
      'a language that nobody runs',
      ['# Page', '', '```cobol', 'STOP RUN.', '```'],
      'made-up.md:3: nothing runs',
    ],
    [
      'a program that is not there',
      ['```sh', 'no-such-program', '```'],
      'made-up.md:1: `no-such-program` ended',
    ],
    ['a command that refuses', ['', '```sh', 'npx nightlatch user show nobody', '```'], 'made-up.md:2: '],
    ['a flag that is not there', ['```sh', 'nightlatch audit --backwards', '```'], 'made-up.md:1: '],
    ['a server that does not start', ['```sh', 'npx nightlatch serve --port x', '```'], 'made-up.md:1: '],
    [
      'output that was not printed',
      ['```sh', 'echo a', '```', '```text', 'b', '```'],
      'made-up.md:4: "b" was not',
    ],
    [
      'a file that no command uses',
      ['<!-- save: a.mjs -->', '', '```js', '1', '```'],
      'no command uses a.mjs',
    ],
    [
      'a configuration that is another one',
      ['<!-- file: examples/behind-caddy/Caddyfile -->', '```Caddyfile', 'localhost', '```'],
      'made-up.md:2: this is not examples/behind-caddy/Caddyfile',
    ],
    [
      'lines that are not in the file',
      ['<!-- file: examples/express/app.ts; lines: some -->', '```ts', 'app.use(other(auth))', '```'],
      'made-up.md:2: these are not lines of',
    ],
    [
      'a file that no test starts',
      ['<!-- file: scripts/start.mjs -->', '```js', '1', '```'],
      'made-up.md:2: no test starts scripts/start.mjs',
    ],
    [
      'a difference that is another one',
      [
        '<!-- between: examples/express-tutorial/password-only.mjs and examples/express-tutorial/second-factor.mjs -->',
        '```diff',
        '-import express',
        '```',
      ],
      'made-up.md:2: this is not the difference',
    ],
  ])('by %s: it says so, with the line', async (_what, lines, message) => {
    await expect(work(...lines)).rejects.toThrow(message)
  })

  it('not by a number that is no port', async () => {
    await work(
      '```sh',
      'echo a_0123_b',
      '```',
      '```text',
      'a_0123_b',
      '```',
      '```sh',
      'test 0123 = 0$((100+23))',
      '```',
    )
  })

  it('by a block that does not end', () => {
    expect(() => parseBlocks('made-up.md', 'a\n```sh\nb\n')).toThrow('made-up.md:2: this block does not end')
  })
})

describe('the runner', () => {
  it('takes blocks out of lists, with their line', () => {
    const blocks = parseBlocks('a.md', '1. Do\n\n   ```sh\n   one\n     two\n   ```\n')
    expect(blocks).toMatchObject([{ line: 3, language: 'sh', text: 'one\n  two\n' }])
  })

  it('keeps together what is one command', () => {
    const text = 'a\n# why\nfor x in 1 2; do\n  echo $x\ndone > y\nb \\\n  c\ncat <<END\nd\nEND\n'
    expect(commandsIn(text)).toEqual([
      'a',
      'for x in 1 2; do\n  echo $x\ndone > y',
      'b \\\n  c',
      'cat <<END\nd\nEND',
    ])
  })

  it('wants the lines in their order, with … for anything', () => {
    expect(() => expectSaid('one …\ntwo', 'zero\none 1\ntwo\n')).not.toThrow()
    expect(() => expectSaid('two\none', 'one\ntwo\n')).toThrow('"one" was not printed')
  })
})

/** `code` in the running text of a page. */
const inline = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8').replace(/^ *```[^]*?^ *```/gm, '')
  return Array.from(text.matchAll(/`([^`\n]+)`/g), (found) => found[1] ?? '')
}

describe('the index', () => {
  it('leads to every page of the documentation', () => {
    const index = readFileSync(join(root, 'docs/README.md'), 'utf8')
    const linked = Array.from(index.matchAll(/\]\(([^)#\s]+)/g), ([, to]) => join('docs', to ?? ''))
    const written = pages().filter((file) => /^docs\/(?!README|decisions)/.test(file))
    expect(written.filter((file) => !linked.includes(file))).toEqual([])
  })
})

describe('the running text', () => {
  const commands = pages().flatMap((file) =>
    inline(file)
      .filter((text) => /^(?:npx )?nightlatch [a-z]/.test(text))
      .map((text): [string, string] => [file, text.replace(/^npx /, '')]),
  )

  it.each(commands)('%s speaks of a command that is there: %s', async (_file, command) => {
    const words = command.split(' ').slice(1)
    const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word))
    const help = await run([...(end < 0 ? words : words.slice(0, end)), '--help'])
    expect(help.status).toBe(0)
    for (const flag of words.filter((word) => word.startsWith('--'))) expect(help.out).toContain(flag)
  })

  it('names settings that are there, and no others', () => {
    const known = inline('docs/reference/settings.md')
    const named = pages().flatMap((file) =>
      Array.from(readFileSync(join(root, file), 'utf8').matchAll(/NIGHTLATCH_[A-Z_]+/g), ([name]) => [
        file,
        name,
      ]),
    )
    expect(named.filter(([, name]) => !known.includes(name ?? ''))).toEqual([])
  })

  it('names scripts of package.json that are there', () => {
    const scripts = ['.', 'packages/otp', 'packages/nightlatch'].flatMap((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
        scripts?: object
      }
      return Object.keys(manifest.scripts ?? {})
    })
    const named = pages().flatMap((file) =>
      inline(file).flatMap((text) => /^npm run ([a-z:]+)/.exec(text)?.slice(1) ?? []),
    )
    expect(named.filter((name) => !scripts.includes(name))).toEqual([])
  })

  it('quotes words that the program says', () => {
    const sources = readdirSync(join(root, 'packages/nightlatch/src'), {
      recursive: true,
      withFileTypes: true,
    })
    const said = sources
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
      .replace(/' \+\n\s*'/g, '')
    const quoted = pages()
      .filter((file) => file.startsWith('docs/guides/') || file.startsWith('docs/tutorials/'))
      // These quote the applications.
      .filter((file) => !file.startsWith('docs/guides/applications/'))
      .flatMap((file) =>
        Array.from(readFileSync(join(root, file), 'utf8').matchAll(/“([^”]+)”/g), ([, text]) => [
          file,
          (text ?? '').replace(/\s+/g, ' '),
        ]),
      )
    expect(quoted.length).toBeGreaterThan(5)
    expect(quoted.filter(([, text]) => !said.includes(text ?? ''))).toEqual([])
  })
})
