import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  isAborted,
  isConflict,
  isLost,
  isReadOnly,
  postgresError,
} from '../../../../src/storage/engine/postgres/errors.js'
import { StorageError } from '../../../../src/storage/engine/errors.js'
import { postgresUrl } from '../../../support/postgres-server.js'

let client: pg.Client

beforeAll(async () => {
  client = new pg.Client({ connectionString: await postgresUrl() })
  await client.connect()
})

afterAll(async () => {
  await client.end()
})

/** What the driver throws when a real server has raised this. */
async function raised(state: string): Promise<unknown> {
  const sql = `DO $$ BEGIN RAISE EXCEPTION 'detail' USING ERRCODE = '${state}'; END $$`
  return client.query(sql).then(
    () => null,
    (error: unknown) => error,
  )
}

const refused = (...words: [string, object?]) => Object.assign(new Error(words[0]), words[1])

describe('what PostgreSQL refuses is told in our words', () => {
  it.each([
    ['25006', 'read-only', 'takes no writes'],
    ['28000', 'no-access', 'refuses this user'],
    ['28P01', 'no-access', 'user name or the password'],
    ['3D000', 'no-access', 'no database of that name'],
    ['42P01', 'unavailable', 'lacks a table'],
    ['42501', 'no-access', 'lacks rights'],
    ['42P07', 'failed', 'tables of another program'],
    ['53100', 'full', 'disk is full'],
    ['53200', 'unavailable', 'out of memory'],
    ['53300', 'unavailable', 'no connection left'],
    ['55P03', 'unavailable', 'a lock was not free in time'],
    ['57014', 'unavailable', 'took too long'],
    ['XX001', 'damaged', 'restore a backup'],
    ['XX002', 'damaged', 'restore a backup'],
    ['NLM01', 'moving', 'is being moved'],
    ['NLM02', 'moved', 'has moved'],
    // Not one of its own, but of a class that says who is to blame.
    ['53000', 'unavailable', 'not well'],
    ['53400', 'unavailable', 'not well'],
    ['54000', 'unavailable', 'not well'],
    ['58030', 'unavailable', 'not well'],
    ['40001', 'unavailable', 'busy with conflicts'],
    ['40P01', 'unavailable', 'busy with conflicts'],
    ['08006', 'unavailable', 'cannot be reached'],
    ['57P01', 'unavailable', 'cannot be reached'],
    ['57P05', 'unavailable', 'cannot be reached'],
    ['25P03', 'unavailable', 'cannot be reached'],
    ['25P04', 'unavailable', 'cannot be reached'],
    // And what none of these is.
    ['23505', 'failed', 'refused a statement'],
    ['54001', 'failed', 'refused a statement'],
    ['42601', 'failed', 'refused a statement'],
  ])('%s is %s: “%s”', async (state, code, words) => {
    const cause = await raised(state)
    const error = postgresError(cause)
    expect(error).toMatchObject({ code, cause })
    expect(error.message).toContain(words)
  })

  it.each<[string, Error, string, string]>([
    [
      'a socket that is not there',
      refused('connect', { code: 'ENOENT', syscall: 'connect' }),
      'unavailable',
      'reached',
    ],
    [
      'a certificate file that is not there',
      refused('no', { code: 'ENOENT', syscall: 'open' }),
      'no-access',
      'file',
    ],
    ['a name that nobody knows', refused('getaddrinfo', { code: 'ENOTFOUND' }), 'unavailable', 'reached'],
    ['a network that is away', refused('connect', { code: 'EHOSTUNREACH' }), 'unavailable', 'reached'],
    ['a driver that gave up', refused('timeout expired'), 'unavailable', 'reached'],
    ['a connection that ended', refused('Connection terminated unexpectedly'), 'unavailable', 'reached'],
    [
      'two addresses of which none answers',
      new AggregateError([refused('', { code: 'ECONNREFUSED' })]),
      'unavailable',
      'reached',
    ],
    ['two addresses that refuse', new AggregateError([refused('no')]), 'failed', 'refused'],
    [
      'a certificate of its own',
      refused('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      'no-access',
      'no trusted connection to the database: self-signed',
    ],
    [
      'another host’s certificate',
      refused('not in the list', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
      'no-access',
      'no trusted connection',
    ],
    [
      'a server without TLS',
      refused('The server does not support SSL connections'),
      'no-access',
      'no trusted connection',
    ],
    [
      'a pooler that knows no time-outs',
      refused('unsupported startup parameter: x'),
      'no-access',
      'ignore_startup_parameters',
    ],
    ['anything else', refused('something'), 'failed', 'refused a statement'],
  ])('%s', (_name, cause, code, words) => {
    const error = postgresError(cause)
    expect(error).toMatchObject({ code, cause })
    expect(error.message).toContain(words)
  })

  it('says again what was told in our words already', () => {
    const told = new StorageError('full', 'the disk is full')
    expect(postgresError(told)).toBe(told)
  })
})

describe('what is done about it', () => {
  const kinds = { isLost, isConflict, isReadOnly, isAborted }
  it.each([
    ['08003', ['isLost']],
    ['57P03', ['isLost']],
    ['25P03', ['isLost']],
    ['40001', ['isConflict']],
    ['40P01', ['isConflict']],
    ['25006', ['isReadOnly']],
    ['25P02', ['isAborted']],
    ['40002', []],
    ['57014', []],
    ['23505', []],
  ])('%s: %j', async (state, wanted) => {
    const error = await raised(state)
    const found = Object.entries(kinds).flatMap(([name, is]) => (is(error) ? [name] : []))
    expect(found).toEqual(wanted)
  })

  it('words of a server that has said more than them are not taken for a lost connection', () => {
    expect(isLost(refused('timeout expired', { code: '22023' }))).toBe(false)
    expect(isLost('timeout expired')).toBe(false)
    expect(isLost(refused('the timeout expired'))).toBe(false)
  })
})
