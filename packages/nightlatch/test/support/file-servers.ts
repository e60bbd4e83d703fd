import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, normalize } from 'node:path'
import express from 'express'
import { freePort } from '../../../../examples/common/proxies.mjs'
import { answers } from './haproxy.js'
import { until } from './until.js'
import { patient } from './pace.js'

/** Files whose content is their own address, so that an answer says which one was served. */
const files = [
  '/public/ok.txt',
  '/public/x/ok.txt',
  '/admin/secret.txt',
  '/admin/x/secret.txt',
  '/secret.txt',
]
export const markOf = (path: string): string => `this is the file ${path}.`

/** The address of the file that was really served, or null. */
export const servedFile = (answer: string): string | null => {
  const [head = ''] = answer.split('\r\n', 1)
  return / 20\d /.test(`${head} `) ? (/this is the file (\S+)\./.exec(answer)?.[1] ?? null) : null
}

export function makeFiles(): { root: string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'nightlatch-files-'))
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), markOf(file))
  }
  return {
    root,
    remove: () => {
      rmSync(root, { recursive: true, force: true })
    },
  }
}

export interface FileServer {
  readonly port: number
  stop(): Promise<void>
}

/** A server that gives out the files below a folder, as it does by itself. */
export interface FileServerKind {
  readonly name: string
  /** The Debian package that it is in, where it is not ours. */
  readonly debian: string | null
  isThere(): boolean
  start(root: string): Promise<FileServer>
}

const inPath = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))

async function listening(server: Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return server.address() as AddressInfo
}

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** Settings of its own, thrown away at the end. */
  readonly folder: string
}

async function started(port: number, { command, args, env, folder }: Program): Promise<FileServer> {
  const child = spawn(command, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let said = ''
  const listen = (chunk: Buffer): string => (said = (said + chunk.toString()).slice(-4000))
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const ended = new Promise((resolve) => child.once('close', resolve))
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${command} did not start: ${said}`)
    return answers(port)
  }, patient(60_000))
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const temporary = (): string => mkdtempSync(join(tmpdir(), 'nightlatch-server-'))

async function withNode(server: Server): Promise<FileServer> {
  const { port } = await listening(server)
  return {
    port,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What is written by hand again and again: decode, join, read. */
const handmade = (root: string, decode: (path: string) => string): Server =>
  createServer((request, response) => {
    try {
      const path = decode((request.url ?? '/').replace(/[?#].*$/s, ''))
      response.end(readFileSync(join(root, normalize(`/${path}`))))
    } catch {
      response.writeHead(404).end()
    }
  })

const nginx = (name: string, more: string): FileServerKind => ({
  name,
  debian: 'nginx',
  isThere: () => inPath('nginx'),
  start: async (root) => {
    const [port, folder] = [await freePort(), temporary()]
    const file = join(folder, 'nginx.conf')
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((each) => `${each}_temp_path ${folder};`)
      .join(' ')
    writeFileSync(
      file,
      `daemon off; master_process off; user root; pid ${folder}/pid; error_log ${folder}/error.log; events {}
       http { access_log off; ${paths} server { listen 127.0.0.1:${port}; root ${root}; ${more} } }`,
    )
    return started(port, {
      command: 'nginx',
      args: ['-c', file, '-p', folder, '-e', join(folder, 'error.log')],
      folder,
    })
  },
})

const tomcatHome = '/usr/share/tomcat10'

const tomcat = (name: string, attributes: string): FileServerKind => ({
  name,
  debian: 'tomcat10',
  isThere: () => existsSync(tomcatHome) && inPath('java'),
  start: async (root) => {
    const [port, folder] = [await freePort(), temporary()]
    mkdirSync(join(folder, 'conf'))
    for (const each of ['logs', 'temp', 'work', 'webapps']) mkdirSync(join(folder, each))
    writeFileSync(join(folder, 'conf', 'web.xml'), tomcatWeb)
    writeFileSync(
      join(folder, 'conf', 'server.xml'),
      `<Server port="-1"><Service name="Catalina">
        <Connector address="127.0.0.1" port="${port}" protocol="HTTP/1.1" ${attributes} />
        <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false">
          <Context path="" docBase="${root}" />
        </Host></Engine>
      </Service></Server>`,
    )
    const jars = ['bootstrap.jar', 'tomcat-juli.jar']
      .map((jar) => join(tomcatHome, 'bin', jar))
      .join(delimiter)
    const args = [
      ...['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx96m', '-cp', jars],
      ...[
        `-Dcatalina.home=${tomcatHome}`,
        `-Dcatalina.base=${folder}`,
        `-Djava.io.tmpdir=${join(folder, 'temp')}`,
      ],
      ...['org.apache.catalina.startup.Bootstrap', 'start'],
    ]
    return started(port, { command: 'java', args, folder })
  },
})

const tomcatWeb = `<web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="5.0">
  <servlet><servlet-name>default</servlet-name>
    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class><load-on-startup>1</load-on-startup></servlet>
  <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>
</web-app>`

const python = '/usr/bin/python3'
const flaskApplication = `
import os, sys
from flask import Flask, abort, send_from_directory
root, port = sys.argv[1], int(sys.argv[2])
app = Flask(__name__, static_folder=None)
@app.route('/<path:name>')
def file(name):
    where = os.path.normpath('/' + name)
    return send_from_directory(root, where.lstrip('/'))
app.run('127.0.0.1', port, threaded=True)
`

const flask: FileServerKind = {
  name: 'Flask',
  debian: 'python3-flask',
  isThere: () => existsSync('/usr/lib/python3/dist-packages/flask'),
  start: async (root) => {
    const [port, folder] = [await freePort(), temporary()]
    writeFileSync(join(folder, 'app.py'), flaskApplication)
    return started(port, { command: python, args: ['app.py', root, String(port)], folder })
  },
}

const programs: readonly FileServerKind[] = [
  nginx('nginx', ''),
  nginx('nginx without merged slashes', 'merge_slashes off;'),
  tomcat('Tomcat', ''),
  tomcat('Tomcat with encoded slashes', 'encodedSolidusHandling="decode" allowBackslash="true"'),
  {
    name: 'Caddy',
    debian: 'caddy',
    isThere: () => inPath('caddy'),
    start: async (root) => {
      const [port, folder] = [await freePort(), temporary()]
      const env = { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, HOME: folder }
      writeFileSync(
        join(folder, 'Caddyfile'),
        `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n root * ${root}\n file_server\n}\n`,
      )
      return started(port, { command: 'caddy', args: ['run', '--config', 'Caddyfile'], env, folder })
    },
  },
  flask,
  {
    name: 'the server of PHP',
    debian: 'php-cli',
    isThere: () => inPath('php'),
    start: async (root) => {
      const [port, folder] = [await freePort(), temporary()]
      return started(port, { command: 'php', args: ['-S', `127.0.0.1:${port}`, '-t', root], folder })
    },
  },
]

const inNode = (name: string, serverFor: (root: string) => Server): FileServerKind => ({
  name,
  debian: null,
  isThere: () => true,
  start: (root) => withNode(serverFor(root)),
})

const twice = (path: string): string => decodeURIComponent(decodeURIComponent(path))
const parameters = /;[^/]*/g

/** Everything that a path may meet behind us, as far as Debian, npm and a few lines have it. */
export const fileServers: readonly FileServerKind[] = [
  ...programs,
  inNode('Express', (root) => createServer(express().use(express.static(root)) as never)),
  inNode('Express with a router for each part', (root) => {
    const application = express().use('/admin', (_, response) => {
      response.send(markOf('/admin/secret.txt'))
    })
    return createServer(application.use('/public', express.static(join(root, 'public'))) as never)
  }),
  inNode('a handler with URL', (root) =>
    handmade(root, (path) => decodeURIComponent(new URL(path, 'http://x').pathname)),
  ),
  inNode('a handler that decodes', (root) => handmade(root, decodeURIComponent)),
  inNode('a handler that decodes twice', (root) => handmade(root, twice)),
  inNode('a handler that cuts parameters, then decodes', (root) =>
    handmade(root, (path) => decodeURIComponent(path.replace(parameters, ''))),
  ),
  inNode('a handler that decodes twice, then cuts parameters', (root) =>
    handmade(root, (path) => twice(path).replace(parameters, '')),
  ),
  inNode('a handler that knows backslashes', (root) =>
    handmade(root, (path) => decodeURIComponent(path).replaceAll('\\', '/')),
  ),
  inNode('a handler behind a proxy that resolves first', (root) =>
    handmade(root, (path) => decodeURIComponent(normalize(decodeURIComponent(path)))),
  ),
  inNode('a handler that knows no capital letters', (root) =>
    handmade(root, (path) => decodeURIComponent(path).toLowerCase()),
  ),
]
