import type { FactStore } from '../../core/ports/stores.js'
import type { Db } from '../engine/database.js'

const list = `SELECT name, value FROM fact WHERE substr(name, 1, length(CAST($1 AS text))) = $1 ORDER BY name`
const put = `INSERT INTO fact (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

const add = `INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`

export function factStore(db: Db): FactStore {
  return {
    get: async (name) =>
      (await db.one<{ value: string }>('SELECT value FROM fact WHERE name = $1', [name]))?.value ?? null,
    list: (prefix) => db.all(list, [prefix]),
    add: async (name, value) => (await db.run(add, [name, value])) > 0,
    put: async (name, value) => {
      await db.run(put, [name, value])
    },
    remove: async (name) => (await db.run('DELETE FROM fact WHERE name = $1', [name])) > 0,
  }
}
