import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ChangeChannel } from '../../../../src/storage/engine/postgres/change-channel.js'
import { postgresUrl } from '../../../support/postgres-server.js'
import { until } from '../../../support/until.js'

/** Fewer than that a moment are few. */
const many = 20

/** Says things on the channel, as any server does. */
let speaker: pg.Client
let channel: ChangeChannel
let opened: pg.Client[]
let heard: (string | null)[]
let isCurrent: boolean
let connect: () => Promise<pg.Client>
let say: (name: string, text: string) => Promise<void>

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await postgresUrl() })
  await client.connect()
  return client
}

beforeEach(async () => {
  speaker = await connected()
  ;[opened, heard, isCurrent] = [[], [], true]
  connect = async () => {
    const client = await connected()
    opened.push(client)
    return client
  }
  say = async (name, text) => {
    await speaker.query('SELECT pg_notify($1, $2)', [name, text])
  }
  channel = new ChangeChannel({
    connect: () => connect(),
    isCurrent: () => isCurrent,
    say: (name, text) => say(name, text),
  })
  channel.onChange = (account) => void heard.push(account)
})

afterEach(async () => {
  await channel.close()
  await speaker.end()
})

async function ask(times: number): Promise<(number | null)[]> {
  return Promise.all(Array.from({ length: times }, () => channel.epoch()))
}

/** Until whoever asks this often is told an epoch. */
async function epoch(): Promise<number> {
  let found: number | null = null
  await until(async () => {
    const answers = await ask(many)
    found = answers.at(-1) ?? null
    return found !== null
  })
  return found!
}

it('whoever asks seldom is told nothing, and no line is opened for that', async () => {
  let tries = 0
  const works = connect
  connect = () => {
    tries += 1
    return works()
  }
  expect(await ask(many - 1)).toEqual(Array(many - 1).fill(null))
  expect(tries).toBe(0)
  expect(await ask(many)).toEqual(Array(many).fill(null))
  expect(tries).toBe(1)
  await until(() => opened.length === 1)
})

it('where many ask, an epoch goes on, on one line, and what is written seldom has the same', async () => {
  const first = await epoch()
  expect(await epoch()).toBe(first)
  expect(await channel.seldomEpoch()).toBe(first)
  expect(opened).toHaveLength(1)
})

it('it hears of one account, and of all', async () => {
  await epoch()
  expect(heard).toEqual([])
  for (const text of ['ada', '*', 'eve', '?somebody else’s word']) await say('nightlatch_changed', text)
  await until(() => heard.length >= 3)
  await say('another_channel', 'not ours')
  await epoch()
  expect(heard).toEqual(['ada', null, 'eve'])
})

it('a line that ends, or breaks, is believed no longer, and there is another one after a pause', async () => {
  for (const end of [
    (client: pg.Client) => client.end(),
    (client: pg.Client) => speaker.query('SELECT pg_terminate_backend($1)', [pidOf(client)]),
  ]) {
    const before = await epoch()
    const lines = opened.length
    await end(opened.at(-1)!)
    await until(async () => (await ask(1))[0] === null)
    expect(await epoch()).not.toBe(before)
    expect(opened).toHaveLength(lines + 1)
  }
})

const pidOf = (client: pg.Client): number => (client as pg.Client & { readonly processID: number }).processID

it('a line to a server that is not the current one any more is left', async () => {
  await epoch()
  isCurrent = false
  expect(await ask(1)).toEqual([null])
  await until(() => isOver(opened[0]!))
  isCurrent = true
  expect(await ask(1)).toEqual([null])
})

async function isOver(client: pg.Client): Promise<boolean> {
  const { rows } = await speaker.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pidOf(client)])
  return rows.length === 0
}

it('a line that cannot be opened is tried again after a pause, and not meanwhile', async () => {
  let tries = 0
  const works = connect
  connect = () => {
    tries += 1
    return Promise.reject(new Error('away'))
  }
  const began = performance.now()
  for (let times = 0; times < 5; times += 1) {
    expect(await ask(many)).toEqual(Array(many).fill(null))
    await nextTurn()
  }
  expect(tries).toBeGreaterThanOrEqual(1)
  expect(tries).toBeLessThanOrEqual(1 + Math.floor((performance.now() - began) / 500))
  connect = works
  await epoch()
  expect(opened).toHaveLength(1)
})

it('a line on which nothing can be said is none', async () => {
  const works = say
  say = () => Promise.reject(new Error('refused'))
  await ask(many)
  await until(() => opened.length === 1)
  await until(() => isOver(opened[0]!))
  expect(await ask(1)).toEqual([null])
  say = works
  await epoch()
})

it('a server that takes no writes any more, or another one behind the same line, is believed no longer', async () => {
  await epoch()
  await opened[0]!.query('SET default_transaction_read_only = on')
  await until(async () => (await ask(many)).includes(null))
  await until(() => isOver(opened[0]!))
})

it('once it is closed nobody is told anything, and no line is opened', async () => {
  await epoch()
  await channel.close()
  await until(() => isOver(opened[0]!))
  for (let times = 0; times < 3; times += 1) expect(await ask(many)).toEqual(Array(many).fill(null))
  await nextTurn()
  expect(opened).toHaveLength(1)
})

it('one that is closed while its line is opened leaves none behind', async () => {
  await ask(many)
  await channel.close()
  await until(() => opened.length === 1)
  await until(() => isOver(opened[0]!))
  expect(await ask(many)).toEqual(Array(many).fill(null))
})
