/**
 * Keeps one throw-away PostgreSQL for a test run: starts it, says where it is, and stops it when the process
 * that runs the tests is gone, however that ended.
 * Argument: JSON { parent, folder, bin, user }.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const { parent, folder, bin, user } = JSON.parse(process.argv[2])
const data = `${folder}/data`
const asUser = {
  stdio: ['ignore', 'pipe', 'pipe'],
  cwd: folder,
  ...(user === null ? {} : { uid: user, gid: user }),
}

function say(name, text) {
  writeFileSync(`${folder}/${name}.part`, text)
  renameSync(`${folder}/${name}.part`, `${folder}/${name}`)
}

function makeCluster() {
  mkdirSync(data, { mode: 0o700 })
  if (user !== null) for (const path of [folder, data]) chownSync(path, user, user)
  const options = ['-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  const made = spawnSync(`${bin}/initdb`, ['-D', data, ...options], asUser)
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}${made.error ?? ''}`)
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

// Nothing here outlives the run, so nothing needs to reach the disk.
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: folder,
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: 300,
  shared_buffers: '64MB',
}

async function start() {
  const port = await freePort()
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(`${bin}/postgres`, ['-D', data, '-p', String(port), ...flags], asUser)
  let log = ''
  server.stderr.on('data', (text) => (log = `${log}${text}`.slice(-4000)))
  for (let tries = 0; !log.includes('ready to accept connections'); tries += 1) {
    if (server.exitCode !== null || tries > 1500) throw new Error(`postgres did not start: ${log}`)
    await sleep(20)
  }
  return { server, port }
}

const lives = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function stop(server) {
  const gone = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGINT')
  const late = sleep(5000).then(() => server.kill('SIGQUIT'))
  if (server.exitCode === null) await Promise.race([gone, late.then(() => gone)])
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

try {
  makeCluster()
  const { server, port } = await start()
  say('ready', String(port))
  process.on('SIGTERM', () => void stop(server))
  while (lives(parent) && existsSync(folder)) await sleep(100)
  await stop(server)
} catch (error) {
  say('failed', String(error))
  process.exit(1)
}
