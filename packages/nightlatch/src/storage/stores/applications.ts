import type {
  Application,
  ApplicationId,
  ApplicationSecret,
  ApplicationStore,
  Consent,
} from '../../core/applications/application.js'
import type { AccountId } from '../../core/ids.js'
import type { Param } from '../engine/database.js'
import { valuesList } from './rows.js'
import { defineStore } from './store.js'

interface ApplicationRow {
  readonly id: string
  readonly name: string
  readonly is_public: number
  readonly allows_device: number
  readonly redirect_uris: string
  readonly post_logout_uris: string
  readonly backchannel_logout_uri: string
  readonly launch_url: string
  readonly group_names: string
  readonly access: string
  readonly skip_consent: number
  readonly signing_algorithm: string
  readonly secrets: string
  readonly created_at: number
}

const columns = `id, name, is_public, redirect_uris, post_logout_uris, backchannel_logout_uri, launch_url, group_names,
  access, skip_consent, signing_algorithm, secrets, created_at, allows_device`

const listIn = (text: string): readonly string[] => JSON.parse(text) as string[]

const applicationOf = (row: ApplicationRow): Application => {
  const groups = listIn(row.group_names)
  return {
    id: row.id as ApplicationId,
    name: row.name,
    isPublic: row.is_public === 1,
    allowsDevice: row.allows_device === 1,
    redirectUris: listIn(row.redirect_uris),
    postLogoutUris: listIn(row.post_logout_uris),
    backchannelLogoutUri: row.backchannel_logout_uri,
    launchUrl: row.launch_url,
    groups: groups.length === 0 ? null : groups,
    access: row.access as Application['access'],
    skipConsent: row.skip_consent === 1,
    signingAlgorithm: row.signing_algorithm as Application['signingAlgorithm'],
    secrets: JSON.parse(row.secrets) as ApplicationSecret[],
    createdAt: row.created_at,
  }
}

const valuesOf = (one: Application): readonly Param[] => [
  one.id,
  one.name,
  Number(one.isPublic),
  JSON.stringify(one.redirectUris),
  JSON.stringify(one.postLogoutUris),
  one.backchannelLogoutUri,
  one.launchUrl,
  JSON.stringify(one.groups ?? []),
  one.access,
  Number(one.skipConsent),
  one.signingAlgorithm,
  JSON.stringify(one.secrets),
  one.createdAt,
  Number(one.allowsDevice),
]

interface ConsentRow {
  readonly application: string
  readonly account: string
  readonly scopes: string
  readonly given_at: number
  readonly last_used_at: number
}

const consentOf = (row: ConsentRow): Consent => ({
  application: row.application as ApplicationId,
  account: row.account as AccountId,
  scopes: row.scopes === '' ? [] : row.scopes.split(' '),
  givenAt: row.given_at,
  lastUsedAt: row.last_used_at,
})

const find = `SELECT ${columns} FROM application WHERE id = $1`
const add = `INSERT INTO application (${columns}) VALUES ${valuesList(1, 14)} ON CONFLICT (id) DO NOTHING`
const replace = `UPDATE application SET name = $2, is_public = $3, redirect_uris = $4, post_logout_uris = $5,
  backchannel_logout_uri = $6, launch_url = $7, group_names = $8, access = $9, skip_consent = $10,
  signing_algorithm = $11, secrets = $12, created_at = $13, allows_device = $14 WHERE id = $1`

const consentColumns = 'application, account, scopes, given_at, last_used_at'
const keepConsent = `INSERT INTO application_consent (${consentColumns}) VALUES ${valuesList(1, 5)}
  ON CONFLICT (application, account) DO UPDATE SET`
const allow = `${keepConsent} scopes = EXCLUDED.scopes, last_used_at = EXCLUDED.last_used_at`
const noteUse = `${keepConsent} last_used_at = EXCLUDED.last_used_at`

const consentValues = (one: Consent): readonly Param[] => [
  one.application,
  one.account,
  one.scopes.join(' '),
  one.givenAt,
  one.lastUsedAt,
]

export const applicationStore = defineStore<ApplicationStore>({
  add(application) {
    return this.db.wrote(add, valuesOf(application))
  },
  async find(id) {
    const row = await this.db.one<ApplicationRow>(find, [id])
    return row && applicationOf(row)
  },
  async hold(id) {
    await this.db.lock(`application ${id}`)
    const row = await this.db.one<ApplicationRow>(find, [id])
    return row && applicationOf(row)
  },
  async list() {
    const rows = await this.db.all<ApplicationRow>(
      `SELECT ${columns} FROM application ORDER BY created_at, id`,
      [],
    )
    return rows.map(applicationOf)
  },
  async page(after, limit) {
    const rows = await this.db.all<ApplicationRow>(
      `SELECT ${columns} FROM application WHERE id > $1 ORDER BY id LIMIT $2`,
      [after, limit],
    )
    return rows.map(applicationOf)
  },
  async isEmpty() {
    return (await this.db.one('SELECT id FROM application LIMIT 1', [])) === null
  },
  replace(application) {
    return this.db.wrote(replace, valuesOf(application))
  },
  remove(id) {
    return this.db.wrote('DELETE FROM application WHERE id = $1', [id])
  },
  async findConsent(application, account) {
    const row = await this.db.one<ConsentRow>(
      `SELECT ${consentColumns} FROM application_consent WHERE application = $1 AND account = $2`,
      [application, account],
    )
    return row && consentOf(row)
  },
  async listConsents(account) {
    const rows = await this.db.all<ConsentRow & { name: string }>(
      `SELECT ${consentColumns}, name FROM application_consent JOIN application ON id = application
        WHERE account = $1 ORDER BY name, application`,
      [account],
    )
    return rows.map((row) => ({ ...consentOf(row), name: row.name }))
  },
  async allow(consent) {
    await this.db.run(allow, consentValues(consent))
  },
  async noteUse(consent) {
    await this.db.run(noteUse, consentValues(consent))
  },
  async withdraw(application, account) {
    const where = 'WHERE application = $1 AND account = $2'
    await this.db.run(`DELETE FROM application_grant ${where}`, [application, account])
    return this.db.wrote(`DELETE FROM application_consent ${where}`, [application, account])
  },
})
