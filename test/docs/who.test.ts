import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/common/proxies.mjs'
import { root } from './blocks.js'
import { waitFor } from './terminal.js'

/** Each line of the table as it stands on the page, in a real application of its kind. */
const page = readFileSync(join(root, 'docs/guides/who-it-is.md'), 'utf8')
const lineFor = (kind: string): string =>
  new RegExp(`^\\| ${kind} +\\| \`(.*?)\` +\\|$`, 'm').exec(page)?.[1] ?? expect.fail(`no line for ${kind}`)

const folder = mkdtempSync(join(tmpdir(), 'nightlatch-who-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function nameAt(port: number): Promise<string> {
  const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { 'remote-user': 'ada' } })
  await waitFor(
    () =>
      ask().then(
        () => true,
        () => false,
      ),
    `an application on ${port}`,
  )
  return (await (await ask()).text()).trim()
}

/** The program's own server; PORT is the port. */
async function nameFrom(command: readonly string[], file: string, program: string): Promise<string> {
  const port = await freePort()
  writeFileSync(join(folder, file), program.replaceAll('PORT', String(port)))
  const [name = '', ...args] = command.map((word) => word.replaceAll('PORT', String(port)))
  const child = spawn(name, args, { cwd: folder, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return nameAt(port)
}

const has = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0

it.skipIf(!has('python3', '-c', 'import flask'))('Flask', async () => {
  const program = `from flask import Flask, request
app = Flask(__name__)
@app.get('/')
def home():
    return ${lineFor('Flask')}
app.run(port=PORT)
`
  expect(await nameFrom(['python3', 'app.py'], 'app.py', program)).toBe('ada')
})

it.skipIf(!has('php', '--version'))('PHP', async () => {
  const program = `<?php echo ${lineFor('PHP')};\n`
  expect(await nameFrom(['php', '-S', '127.0.0.1:PORT', 'index.php'], 'index.php', program)).toBe('ada')
})

it.skipIf(!has('go', 'version'))('Go', async () => {
  const program = `package main
import ("fmt"; "net/http")
func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, ${lineFor('Go')}) })
	http.ListenAndServe("127.0.0.1:PORT", nil)
}
`
  expect(await nameFrom(['go', 'run', 'main.go'], 'main.go', program)).toBe('ada')
})

it('Node', async () => {
  const program = `require('node:http').createServer((request, response) => response.end(${lineFor('Node')})).listen(PORT, '127.0.0.1')\n`
  expect(await nameFrom([process.execPath, 'app.cjs'], 'app.cjs', program)).toBe('ada')
})

it('Express', async () => {
  const app = express()
  const read = new Function('request', `return ${lineFor('Express')}`) as (request: express.Request) => string
  app.get('/', (request, response) => void response.send(read(request)))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  expect(await nameAt((server.address() as AddressInfo).port)).toBe('ada')
})
