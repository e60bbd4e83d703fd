/** As many accounts as one likes, each with what a person leaves behind, written by the database itself. */

/** For one account: sessions, recovery codes, and events of the audit trail. */
export const each = 10

const tables = [
  'account',
  'login_name',
  'authenticator',
  'recovery_code_set',
  'recovery_code',
  'session',
  'audit',
]

/** Accounts `from` up to `to`, which must not be there yet. */
export async function fill(database, from, to) {
  const { db } = database
  const sql = sqlOf(db.dialect)
  await prepare(db)
  for (const [table, perAccount] of Object.entries(sql.rows)) {
    const [low, high] = [from * perAccount.count, to * perAccount.count]
    for (let begin = low; begin < high; begin += sql.batch)
      await db.run(perAccount.insert(sql.numbers(begin, Math.min(high, begin + sql.batch))), [])
    if (db.dialect === 'postgres') await db.run(`VACUUM ANALYZE ${table}`, [])
  }
  await settle(db)
}

/** Filling alone does not wait for the disk, and tells no server. */
async function prepare(db) {
  if (db.dialect === 'sqlite')
    for (const pragma of ['synchronous = OFF', 'cache_size = -4000000']) await db.run(`PRAGMA ${pragma}`, [])
  else for (const table of tables) await db.run(`ALTER TABLE ${table} DISABLE TRIGGER ALL`, [])
}

async function settle(db) {
  if (db.dialect === 'sqlite') {
    for (const pragma of ['wal_checkpoint(TRUNCATE)', 'synchronous = FULL', 'cache_size = -2000'])
      await db.run(`PRAGMA ${pragma}`, [])
  } else for (const table of tables) await db.run(`ALTER TABLE ${table} ENABLE TRIGGER ALL`, [])
}

/** Spread over the whole range, as hashes are; the same in SQL below. */
const scattered = (number) => (BigInt(number) * 2654435761n) % 4294967296n
/** The hash of the session with this number. */
export const tokenHash = (number) =>
  scattered(number).toString(16).padStart(8, '0') + number.toString(16).padStart(56, '0')

const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'s'.repeat(22)}$${'h'.repeat(43)}`
const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

function sqlOf(dialect) {
  const isSqlite = dialect === 'sqlite'
  const hex = (value, width) =>
    isSqlite ? `printf('%0${width}x', ${value})` : `lpad(to_hex(${value}), ${width}, '0')`
  const spread = `((n${isSqlite ? '' : '::bigint'} * 2654435761) % 4294967296)`
  const numbers = (low, high) =>
    isSqlite
      ? `WITH RECURSIVE number (n) AS (SELECT ${low} UNION ALL SELECT n + 1 FROM number WHERE n < ${high - 1})`
      : `WITH number AS (SELECT n FROM generate_series(${low}, ${high - 1}) AS n)`
  const owner = hex(`n / ${each}`, 26)
  const insert = (into, values, count = 1) => ({
    count,
    insert: (from) => `INSERT INTO ${into} ${from} SELECT ${values} FROM number ORDER BY ${spread}`,
  })
  const id = hex('n', 26)
  const secretId = `${hex(spread, 8)} || `
  const rows = rowsOf({ insert, id, owner, hex, secretId })
  // SQLite writes its log once a batch, PostgreSQL keeps a batch in memory while it is sorted.
  return { numbers, rows, batch: isSqlite ? 10_000_000 : 500_000 }
}

const rowsOf = ({ insert, id, owner, hex, secretId }) => ({
  account: insert(
    `account (id, username, name, email, group_names, admin, disabled, password_hash, authenticator_count,
          created_at, last_sign_in_at)`,
    `${id}, 'person ' || n, 'A Person', 'person' || n || '@example.org', '[]', 0, 0,
          '${passwordHash}', 1, 0, n`,
  ),
  login_name: insert('login_name (name, account)', `'person ' || n, ${id}`),
  authenticator: insert(
    'authenticator (id, account, name, sealed, last_step, created_at, last_used_at)',
    `${id}, ${id}, 'Phone', '${'x'.repeat(96)}', n, n, n`,
  ),
  recovery_code_set: insert('recovery_code_set (account, salt)', `${id}, '${'s'.repeat(22)}'`),
  recovery_code: insert('recovery_code (account, hash)', `${owner}, ${hex('n', 43)}`, each),
  session: insert(
    `session (token_hash, id, account, factors, signed_in_at, verified_at, last_seen_at, expires_at, address,
          user_agent)`,
    `${secretId}${hex('n', 56)}, ${secretId}${hex('n', 18)}, ${owner}, 'password,totp',
          n, n, n, n + 604800, '192.0.2.1', '${browser}'`,
    each,
  ),
  audit: insert(
    'audit (at, event, account, address, user_agent, details)',
    `n, 'sign-in.completed', ${owner}, '192.0.2.1', '${browser}', '{}'`,
    each,
  ),
})

/** Rows, bytes and depth of each table of PostgreSQL. @returns {Promise<(string | number)[][]>} */
export async function sizesOf(db) {
  await db.run('CREATE EXTENSION IF NOT EXISTS pageinspect', [])
  const rows = []
  for (const table of tables) {
    const size = await db.one(
      `SELECT (SELECT count(*) FROM ${table}) AS count, pg_table_size('${table}') AS heap,
        pg_indexes_size('${table}') AS indexes,
        (SELECT max((bt_metap(indexrelid::regclass::text)).level) FROM pg_index
          WHERE indrelid = '${table}'::regclass) AS depth`,
      [],
    )
    const [count, heap, indexes] = [size.count, size.heap, size.indexes].map(Number)
    rows.push([table, count, Math.round(heap / count), Math.round(indexes / count), Number(size.depth) + 1])
  }
  return rows
}
