import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { Freshness } from '../database.js'

/** The triggers say an account's id here; `*` is all of them. */
const channel = 'nightlatch_changed'

// A change on another server is known here within the first of these, even when the line to the database is dead.
const trustMs = 80
const proveAfterMs = 20
/** Where fewer ask in that time, the database answers them all, and a change elsewhere is known at once. */
const busyAsks = 20
/** Whoever waits for an answer asks the database instead after the first of these; after the second, the line is dead. */
const patienceMs = 500
const lateMs = 2000
const pauseMs = 500
/** "Last seen" of a session is not told about: what is remembered is read anew now and then. */
const epochMs = 300_000

// Another process behind the same line (a connection pooler) does not listen for us.
const proof = {
  name: 'nightlatch-proof',
  text: `SELECT pg_backend_pid() AS pid, current_setting('transaction_read_only') AS read_only`,
}

interface ChannelNeeds {
  /** A connection that nobody else uses. */
  connect(): Promise<pg.Client>
  /** Whether the pool uses the same server as this connection. */
  isCurrent(client: pg.Client): boolean
  /** Says something on the channel, from another connection. */
  say(channel: string, text: string): Promise<void>
}

interface Line {
  readonly client: pg.Client
  readonly pid: number
}

/** A moment by both clocks: one stands still while the machine sleeps, the other one jumps. */
interface Moment {
  readonly steady: number
  readonly wall: number
}

const now = (): Moment => ({ steady: performance.now(), wall: Date.now() })
const apart = (one: Moment, other: Moment): number =>
  Math.max(Math.abs(one.steady - other.steady), Math.abs(one.wall - other.wall))
const long = (since: Moment): number => apart(now(), since)

/** A question on the line, and whether it was answered in time. */
interface Asked extends Moment {
  readonly answered: Promise<boolean>
  settle(isAnswered: boolean): void
}

function ask(): Asked {
  let settle: Asked['settle'] = () => undefined
  const answered = new Promise<boolean>((resolve) => {
    settle = resolve
  })
  const late = setTimeout(settle, patienceMs, false)
  late.unref()
  return {
    ...now(),
    answered,
    settle: (isAnswered) => {
      clearTimeout(late)
      settle(isAnswered)
    },
  }
}

/**
 * Hears of every change that anybody commits, on a connection of its own. The answer to a question on that
 * connection proves that everything said before the question was heard; memory counts only while the last such
 * proof is fresh. Questions are asked only while many want to know, so an idle server asks nothing.
 */
export class ChangeChannel implements Freshness {
  onChange: Freshness['onChange'] = () => undefined
  readonly #needs: ChannelNeeds
  #line: Line | null = null
  #opening = false
  #pausedSince: Moment | null = null
  #asked: Asked | null = null
  #proven: Moment = { steady: -Infinity, wall: -Infinity }
  #asks = 0
  #epoch = 0
  #epochBegan: Moment = now()
  #closed = false

  constructor(needs: ChannelNeeds) {
    this.#needs = needs
  }

  epoch(): number | null | Promise<number | null> {
    const line = this.#line
    this.#asks += 1
    if (line === null) {
      if (this.#asks >= busyAsks) this.#openInTime()
      return null
    }
    if (!this.#needs.isCurrent(line.client)) {
      this.#drop(line.client)
      return null
    }
    const age = long(this.#proven)
    const isBusy = this.#asks >= busyAsks || this.#asked !== null
    if (age > proveAfterMs && isBusy) this.#prove(line)
    if (age <= trustMs) return this.#currentEpoch()
    return isBusy ? this.#whenProven(line) : null
  }

  /** Whatever is written in one of those tables is told to everybody. */
  seldomEpoch(): number | null | Promise<number | null> {
    return this.epoch()
  }

  /** One answer serves all who wait for it, where each would ask the database on its own. */
  async #whenProven(line: Line): Promise<number | null> {
    const began = now()
    while (this.#line === line) {
      const asked = this.#prove(line)
      if (asked === null || !(await asked.answered)) return null
      if (asked.steady >= began.steady || apart(asked, began) <= trustMs) break
    }
    return this.#line === line ? this.#currentEpoch() : null
  }

  #currentEpoch(): number {
    if (long(this.#epochBegan) > epochMs) this.#newEpoch()
    return this.#epoch
  }

  async close(): Promise<void> {
    this.#closed = true
    const line = this.#line
    this.#line = null
    this.#asked?.settle(false)
    await line?.client.end().catch(() => undefined)
  }

  #newEpoch(): void {
    this.#epoch += 1
    this.#epochBegan = now()
  }

  #openInTime(): void {
    if (this.#opening || this.#closed) return
    if (this.#pausedSince !== null && long(this.#pausedSince) < pauseMs) return
    this.#opening = true
    void this.#open()
      .catch(() => {
        this.#pausedSince = now()
      })
      .finally(() => {
        this.#opening = false
      })
  }

  async #open(): Promise<void> {
    const client = await this.#needs.connect()
    client.on('error', () => {
      this.#drop(client)
    })
    client.on('end', () => {
      this.#drop(client)
    })
    try {
      await this.#listen(client)
      const { rows } = await client.query<{ pid: number }>(proof)
      if (this.#closed) throw new Error('closed meanwhile')
      this.#newEpoch()
      this.#line = { client, pid: rows[0]?.pid ?? 0 }
    } catch (error) {
      this.#drop(client)
      throw error
    }
  }

  /** Listens, and makes sure that what others say really arrives: not everything between here and there lets it. */
  async #listen(client: pg.Client): Promise<void> {
    const word = `?${randomUUID()}`
    const arrived = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error('notifications do not arrive'))
      }, lateMs)
      client.on('notification', ({ payload = '*' }) => {
        if (payload.startsWith('?')) {
          if (payload !== word) return
          clearTimeout(late)
          resolve()
        } else this.onChange(payload === '*' ? null : payload)
      })
    })
    arrived.catch(() => undefined)
    await client.query(`LISTEN ${channel}`)
    await this.#needs.say(channel, word)
    await arrived
  }

  /** The question that is on its way, or a new one; null when the line is dead. */
  #prove(line: Line): Asked | null {
    if (this.#asked !== null) {
      if (long(this.#asked) > lateMs) this.#drop(line.client)
      return this.#asked
    }
    const asked = ask()
    this.#asked = asked
    this.#asks = 0
    line.client.query<{ pid: number; read_only: string }>(proof).then(
      ({ rows }) => {
        if (this.#line !== line) return
        this.#asked = null
        if (rows[0]?.pid !== line.pid || rows[0].read_only !== 'off') this.#drop(line.client)
        else this.#proven = asked
        asked.settle(this.#line === line)
      },
      () => {
        this.#drop(line.client)
      },
    )
    return asked
  }

  /** Nothing is remembered from now on, until there is a new line. */
  #drop(client: pg.Client): void {
    void client.end().catch(() => undefined)
    if (this.#line?.client !== client) return
    this.#line = null
    this.#asked?.settle(false)
    this.#asked = null
    this.#proven = { steady: -Infinity, wall: -Infinity }
    this.#pausedSince = now()
  }
}
