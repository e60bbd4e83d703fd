/** As many live refresh tokens as one likes, each with a grant of its own, written by the database itself. */

const batch = 50_000
const forever = 4_000_000_000

export async function fillRefreshTokens(db, count) {
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(count, from + batch)
    for (const insert of inserts(db.dialect)) await db.run(`${numbers(db.dialect, from, to)}${insert}`, [])
  }
  if (db.dialect === 'postgres')
    for (const table of ['application_grant', 'application_token']) await db.run(`ANALYZE ${table}`, [])
}

const numbers = (dialect, from, to) =>
  dialect === 'sqlite'
    ? `WITH RECURSIVE number (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM number WHERE n < ${to - 1}) `
    : `WITH number AS (SELECT n FROM generate_series(${from}, ${to - 1}) AS n) `

/** Spread over the whole range, as hashes and ids are. */
function inserts(dialect) {
  const isSqlite = dialect === 'sqlite'
  const hex = (value, width) =>
    isSqlite ? `printf('%0${width}x', ${value})` : `lpad(to_hex(${value}), ${width}, '0')`
  const spread = hex(`(n${isSqlite ? '' : '::bigint'} * 2654435761) % 4294967296`, 8)
  const id = `${spread} || ${hex('n', 18)}`
  const person = '(SELECT id FROM account ORDER BY id LIMIT 1)'
  const payload = `'{"kind":"RefreshToken","clientId":"bench"}'`
  return [
    `INSERT INTO application_grant (id, application, account, session, scopes, created_at, expires_at)
      SELECT ${id}, 'bench', ${person}, NULL, 'openid offline_access', 0, ${forever} FROM number`,
    `INSERT INTO application_token (hash, kind, grant_id, payload, created_at, expires_at, consumed_at)
      SELECT ${spread} || ${hex('n', 56)}, 'refresh', ${id}, ${payload}, 0, ${forever}, NULL FROM number`,
  ]
}
