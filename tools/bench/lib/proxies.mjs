/** nginx, Caddy and HAProxy of Debian in front of an application, as they are or asking Nightlatch about every request. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const hertz = 100

/** Everything that a proxy writes down it may write down in its own folder. */
const temporaryPaths = (folder) =>
  ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ')

/** One worker process each, kept connections both ways, nothing logged, bodies not kept. */
const nginx = ({ port, application, nightlatch, folder }) => ({
  file: 'nginx.conf',
  command: ['nginx', '-p', folder, '-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`],
  text: `daemon off; worker_processes 1; user root; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 19000; }
http { access_log off; ${temporaryPaths(folder)}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  keepalive_requests 10000000;
  upstream application { server 127.0.0.1:${application}; keepalive 64; keepalive_requests 10000000; }
  ${nightlatch === null ? '' : `upstream nightlatch { server 127.0.0.1:${nightlatch}; keepalive 64; keepalive_requests 10000000; }`}
  server { listen 127.0.0.1:${port}; client_max_body_size 0; proxy_request_buffering off; proxy_buffering off;
    proxy_http_version 1.1;
    location / { proxy_pass http://application; proxy_set_header Connection $connection_upgrade; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $http_host; ${
        nightlatch === null
          ? ''
          : `auth_request /ask; auth_request_set $user $upstream_http_remote_user; proxy_set_header Remote-User $user;`
      } }
    ${
      nightlatch === null
        ? ''
        : `location = /ask { internal; proxy_pass http://nightlatch/forward-auth; proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_set_header Connection ""; proxy_set_header Upgrade ""; proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URL http://$http_host$request_uri; }`
    }
  } }`,
})

const caddy = ({ port, application, nightlatch, folder }) => ({
  file: 'Caddyfile',
  command: ['caddy', 'run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
  text: `{
\tadmin off
\tauto_https off
}
http://:${port} {
\tbind 127.0.0.1
${nightlatch === null ? '' : `\tforward_auth 127.0.0.1:${nightlatch} {\n\t\turi /forward-auth\n\t\tcopy_headers Remote-User Remote-Name Remote-Email Remote-Groups\n\t}\n`}\treverse_proxy 127.0.0.1:${application}
}
`,
})

/** It cannot ask for itself: its guide does so with a script, which is another thing to measure. */
const haproxy = ({ port, application, folder }) => ({
  file: 'haproxy.cfg',
  command: ['haproxy', '-db', '-f', `${folder}/haproxy.cfg`],
  text: `global
  maxconn 9000
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
  http-reuse always
frontend public
  bind 127.0.0.1:${port}
  default_backend application
backend application
  server one 127.0.0.1:${application}
`,
})

const kinds = { nginx, caddy, haproxy }

/** @returns null where it is not installed here */
export async function startProxy(kind, { application, nightlatch = null }) {
  const isThere = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((one) =>
    existsSync(join(one, kind)),
  )
  if (!isThere) return null
  const folder = mkdtempSync(join(tmpdir(), `nightlatch-bench-${kind}-`))
  const port = await freePort()
  const { file, text, command } = kinds[kind]({ port, application, nightlatch, folder })
  writeFileSync(join(folder, file), text)
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    GOMAXPROCS: '2',
  }
  env.PATH = `${env.PATH}${delimiter}/usr/sbin`
  const child = spawn(command[0], command.slice(1), { env, stdio: 'ignore' })
  await listens(port, child)
  return {
    ready: { port },
    ask: () => Promise.resolve(usageOf(child.pid)),
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGTERM')
      }),
  }
}

/** CPU time and resident memory of a process and its children; Linux counts in hundredths of a second. */
function usageOf(root) {
  let ticks = 0
  let pages = 0
  for (const pid of familyOf(root)) {
    const fields = statOf(pid)
    if (fields === null) continue
    ticks += Number(fields[11]) + Number(fields[12])
    pages += Number(fields[21])
  }
  return { cpuMicros: (ticks / hertz) * 1e6, rssBytes: pages * 4096 }
}

function familyOf(root) {
  const family = [root]
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(statOf(name)?.[1]) : NaN
    if (parent === root) family.push(Number(name))
  }
  return family
}

function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

async function listens(port, child) {
  for (let waited = 0; waited < 15_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} did not start`)
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await sleep(50)
  }
  throw new Error(`${child.spawnfile} does not listen`)
}
