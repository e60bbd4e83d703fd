import pg from 'pg'

export interface Said {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Every statement that this process says to PostgreSQL until the end, each text once. */
export interface Recording {
  readonly said: ReadonlyMap<string, Said>
  end(): void
}

export function recordStatements(): Recording {
  const said = new Map<string, Said>()
  const note = (text: string, values: readonly unknown[]): void => {
    if (/^(SELECT|INSERT|UPDATE|DELETE)/.test(text) && !said.has(text)) said.set(text, { text, values })
  }
  const { prototype } = pg.Client as unknown as { prototype: { query(...given: unknown[]): unknown } }
  const { query } = prototype
  prototype.query = function (...given: unknown[]): unknown {
    const [asked] = given as [string | pg.QueryConfig]
    if (typeof asked === 'string') note(asked, [])
    else note(asked.text, (asked.values as unknown[] | undefined) ?? [])
    return query.apply(this, given)
  }
  return {
    said,
    end: () => {
      prototype.query = query
    },
  }
}

/** The same statement as SQLite gets it: without what only PostgreSQL has. */
export const asInSqlite = (text: string): string =>
  text
    .replace(
      'WHERE ctid = ANY (ARRAY(SELECT ctid',
      'WHERE (account, device_hash) = ANY (ARRAY(SELECT account, device_hash',
    )
    .replace(/= ANY \(ARRAY\((.*)\)\)/s, 'IN ($1)')
    .replace(/ FOR (?:UPDATE SKIP LOCKED|NO KEY UPDATE)/g, '')
    .replace(/ RETURNING (?:id AS )?account$/, '')
