import type { FactStore } from '../../core/ports/stores.js'
import { defineStore } from './store.js'

const list = `SELECT name, value FROM fact WHERE substr(name, 1, length(CAST($1 AS text))) = $1 ORDER BY name`
const put = `INSERT INTO fact (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`

const add = `INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`

export const factStore = defineStore<FactStore>({
  async get(name) {
    return (
      (await this.db.one<{ value: string }>('SELECT value FROM fact WHERE name = $1', [name]))?.value ?? null
    )
  },
  list(prefix) {
    return this.db.all(list, [prefix])
  },
  add(name, value) {
    return this.db.wrote(add, [name, value])
  },
  async put(name, value) {
    await this.db.run(put, [name, value])
  },
  replace(name, { from, to }) {
    const set = 'UPDATE fact SET value = $3 WHERE name = $1 AND value = $2'
    return this.db.wrote(set, [name, from, to])
  },
  remove(name) {
    return this.db.wrote('DELETE FROM fact WHERE name = $1', [name])
  },
})
