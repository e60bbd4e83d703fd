/** Three members of etcd and three PostgreSQL nodes under Patroni, with the configuration of config/. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { openGate } from './gates.mjs'
import { configOf, readEnv } from './places.mjs'
import { endAllIn, signalAllIn, start, until } from './processes.mjs'

const three = [1, 2, 3]

/** The passwords that config/ leaves open, once a run. */
export function newPasswords() {
  const made = new Map()
  return (text) =>
    text.replace(/PASSWORD-OF-[A-Z]+/g, (name) => {
      if (!made.has(name)) made.set(name, randomBytes(12).toString('hex'))
      return made.get(name)
    })
}

/** The variables of the first machine → those of another: its own name and address, but in lists the same. */
function envOf(file, { number, name, address }) {
  const own = (value) => value.replace(name(1), name(number)).replace(address(1), address(number))
  return Object.entries(readEnv(file)).map(([key, value]) => [key, value.includes(',') ? value : own(value)])
}

const ofEtcd = (number) => ({ number, name: (n) => `etcd${n}`, address: (n) => `10.0.0.2${n}:` })
const ofNode = (number) => ({ number, name: (n) => `node${n}`, address: (n) => `10.0.0.1${n}:` })

export async function startCluster(places) {
  const password = newPasswords()
  const fitting = (pairs, changed) => ({
    ...Object.fromEntries(pairs.map(([key, value]) => [key, password(places.here(value))])),
    ...changed,
  })
  const etcd = three.map((number) => etcdMember(places, number, fitting))
  const nodes = await Promise.all(three.map((number) => postgresNode(places, number, fitting)))
  for (const node of nodes) Object.assign(node, cutting(node, nodes))
  for (const member of etcd) member.start()
  const isDecided = async () => (await Promise.all(etcd.map((one) => one.isDecided()))).every(Boolean)
  await until('three members of etcd that agree', isDecided)
  for (const member of nodes) member.start()
  const cluster = { etcd, nodes, password, state: () => stateOf(nodes), ...acting(nodes, password) }
  await until('three PostgreSQL nodes, one of them a synchronous standby', cluster.isWhole, 180_000)
  await cluster.makeDatabase()
  return cluster
}

function member({ name, folder, program }) {
  return {
    name,
    folder,
    start: () => start({ folder, ...program }),
    /** As if its machine had lost power. */
    kill: () => endAllIn(folder),
    /** As if its machine stood still: nothing answers, and no connection is closed. */
    freeze: () => signalAllIn(folder, 'SIGSTOP'),
    wake: () => signalAllIn(folder, 'SIGCONT'),
  }
}

function etcdMember(places, number, fitting) {
  const folder = places.folderOf(`etcd${number}`)
  const env = fitting(envOf('etcd.env', ofEtcd(number)), { ETCD_DATA_DIR: join(folder, 'data') })
  const version = () => askJson(`${env.ETCD_LISTEN_CLIENT_URLS}/version`)
  const status = async () => {
    const address = `${env.ETCD_LISTEN_CLIENT_URLS}/v3/maintenance/status`
    return await askJson(address, { method: 'POST', body: '{}' })
  }
  return {
    ...member({ name: `etcd${number}`, folder, program: { command: 'etcd', env, user: places.user } }),
    async isLeader() {
      const said = await status()
      return said !== null && said.leader === said.header.member_id
    },
    /** Patroni ends when it asks before that. */
    isDecided: async () => /^\d/.test((await version())?.etcdcluster ?? ''),
    isWell: async () => Number((await status())?.leader ?? 0) > 0,
  }
}

async function postgresNode(places, number, fitting) {
  const folder = places.folderOf(`node${number}`)
  const written = fitting(envOf('patroni.env', ofNode(number)), {})
  const gates = await gatesOf(places, written)
  const env = fitting(envOf('patroni.env', ofNode(number)), {
    ...gates.env,
    PATRONI_POSTGRESQL_DATA_DIR: join(folder, 'data'),
    PATRONI_POSTGRESQL_BIN_DIR: binaries(),
    PATRONI_POSTGRESQL_PGPASS: join(folder, 'pgpass'),
  })
  const program = { command: 'patroni', args: [configOf('patroni.yml')], env, user: places.user }
  return {
    ...member({ name: env.PATRONI_NAME, folder, program }),
    // Past the gates, as the servers come: a primary that is cut off from the others still hears them.
    api: `http://${env.PATRONI_RESTAPI_LISTEN}`,
    address: env.PATRONI_POSTGRESQL_LISTEN,
    gates,
    /** PostgreSQL alone; Patroni goes on. */
    killPostgres: () => void signalAllIn(env.PATRONI_POSTGRESQL_DATA_DIR, 'SIGKILL'),
  }
}

/** Every line between this node, the others and etcd goes through a gate of its own. */
async function gatesOf(places, env) {
  const gateTo = async (address) => {
    const port = places.portOf(`gate ${env.PATRONI_NAME} ${address}`)
    return { address: `127.0.0.1:${port}`, gate: await openGate(port, Number(address.split(':')[1])) }
  }
  const api = await gateTo(env.PATRONI_RESTAPI_LISTEN)
  const database = await gateTo(env.PATRONI_POSTGRESQL_LISTEN)
  const etcd = await Promise.all(env.PATRONI_ETCD3_HOSTS.split(',').map(gateTo))
  return {
    env: {
      PATRONI_RESTAPI_CONNECT_ADDRESS: api.address,
      PATRONI_POSTGRESQL_CONNECT_ADDRESS: database.address,
      PATRONI_ETCD3_HOSTS: etcd.map(({ address }) => address).join(','),
      // Else it would ask etcd for the addresses that lead past the gates.
      PATRONI_ETCD3_USE_PROXIES: 'true',
    },
    api: api.gate,
    own: [database, ...etcd].map(({ gate }) => gate),
  }
}

/** Nobody tells by a connection who asks, so the nodes' interfaces are shut for all: only they ask each other there. */
function cutting({ gates }, nodes) {
  const around = [...gates.own, ...nodes.map((node) => node.gates.api)]
  return {
    cutOff: () => around.forEach((gate) => gate.shut()),
    join: () => around.forEach((gate) => gate.open()),
  }
}

function binaries() {
  const folder = '/usr/lib/postgresql'
  const versions = readdirSync(folder).sort((a, b) => Number(b) - Number(a))
  return versions
    .map((version) => join(folder, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')))
}

/** @returns {Promise<any>} the JSON that was answered, null when nothing was */
async function askJson(address, options = {}) {
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(2000) })
    return await answer.json()
  } catch {
    return null
  }
}

/** What the nodes say of the cluster: the first one that answers. */
async function stateOf(nodes) {
  const heard = await Promise.all(nodes.map(({ api }) => askJson(`${api}/cluster`)))
  return heard.find((one) => one?.members !== undefined)?.members ?? []
}

function isWhole(members) {
  const leader = members.find(({ role }) => role === 'leader')
  return (
    members.length === three.length &&
    leader !== undefined &&
    members.some(({ role }) => role === 'sync_standby') &&
    members.every(({ state, timeline }) => state === 'running' && timeline === leader.timeline)
  )
}

function acting(nodes, password) {
  const named = (name) => nodes.find((node) => node.name === name)
  const inRole = async (role) => named((await stateOf(nodes)).find((one) => one.role === role)?.name)
  const primary = () => until('a primary', () => inRole('leader'))
  const connect = (node, database) =>
    connected(`postgres://postgres:${password('PASSWORD-OF-POSTGRES')}@${node.address}/${database}`)
  return {
    primary,
    standby: () => until('a synchronous standby', () => inRole('sync_standby')),
    isWhole: async () => isWhole(await stateOf(nodes)),
    /** A connection of the superuser to the primary, to look at what was really kept. */
    look: async () => connect(await primary(), 'nightlatch'),
    async makeDatabase() {
      const client = await connect(await primary(), 'postgres')
      for (const line of readFileSync(configOf('database.sql'), 'utf8').split('\n'))
        if (/^[A-Z]/.test(line)) await client.query(password(line))
      await client.end()
      for (const node of nodes) {
        const exists = async () => connect(node, 'nightlatch').then((one) => one.end().then(() => true))
        await until(`the database at ${node.name}`, () => exists().catch(() => false))
      }
    },
    async switchOver() {
      const [from, to] = [await primary(), await inRole('sync_standby')]
      const body = JSON.stringify({ leader: from.name, candidate: to?.name })
      const options = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
      const answer = await fetch(`${from.api}/switchover`, {
        ...options,
        signal: AbortSignal.timeout(60_000),
      })
      if (!answer.ok) throw new Error(`the switchover was refused: ${await answer.text()}`)
    },
  }
}

async function connected(connectionString) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
