import type { FactStore } from '../../core/ports/stores.js'
import type { Db } from '../engine/database.js'
import { done, found, wrote } from './rows.js'

const list = `SELECT name, value FROM fact WHERE substr(name, 1, length(CAST($1 AS text))) = $1 ORDER BY name`
const put = `INSERT INTO fact (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

const add = `INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`

export function factStore(db: Db): FactStore {
  return {
    get: (name) =>
      found(db.one<{ value: string }>('SELECT value FROM fact WHERE name = $1', [name]), (row) => row.value),
    list: (prefix) => db.all(list, [prefix]),
    add: (name, value) => wrote(db.run(add, [name, value])),
    put: (name, value) => done(db.run(put, [name, value])),
    remove: (name) => wrote(db.run('DELETE FROM fact WHERE name = $1', [name])),
  }
}
