import type { Migration } from './index.js'

/**
 * Groups, people who end on a date, names that are held back for a while after a change, and what people are found by.
 * `sort_key` is '' until an account has been indexed: the previous version, which still serves meanwhile, adds
 * accounts without one. A recovery code that expires is one that an administrator made.
 */
export const people: Migration = {
  id: 8,
  name: 'people',
  statements: [
    'ALTER TABLE account ADD COLUMN ends_at {integer}',
    "ALTER TABLE account ADD COLUMN sort_key {text} NOT NULL DEFAULT ''",
    'CREATE INDEX account_sort_key ON account (sort_key, id)',
    // What a list of everybody would have to walk long for.
    'CREATE INDEX account_disabled ON account (sort_key, id) WHERE disabled = 1',
    "CREATE INDEX account_invited ON account (sort_key, id) WHERE password_hash = ''",
    'CREATE INDEX account_admin ON account (sort_key, id) WHERE admin = 1',
    'CREATE INDEX account_ends_at ON account (sort_key, id) WHERE ends_at IS NOT NULL',
    `CREATE INDEX account_one_factor ON account (sort_key, id)
      WHERE authenticator_count = 0 AND factor_counts = '{}'`,

    'ALTER TABLE login_name ADD COLUMN held_until {integer}',
    'CREATE INDEX login_name_held_until ON login_name (held_until) WHERE held_until IS NOT NULL',

    `CREATE TABLE people_group (
      key {text} PRIMARY KEY,
      name {text} NOT NULL,
      created_at {integer} NOT NULL
    ) {keyed}`,
    `CREATE TABLE membership (
      people_group {text} NOT NULL REFERENCES people_group ON DELETE CASCADE ON UPDATE CASCADE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      sort_key {text} NOT NULL,
      PRIMARY KEY (people_group, account)
    ) {keyed}`,
    'CREATE INDEX membership_sort_key ON membership (people_group, sort_key, account)',
    'CREATE INDEX membership_account ON membership (account)',

    `CREATE TABLE search_word (
      word {text} NOT NULL,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      PRIMARY KEY (word, account)
    ) {keyed}`,
    'CREATE INDEX search_word_account ON search_word (account)',

    'ALTER TABLE recovery_code ADD COLUMN expires_at {integer}',
    'CREATE INDEX recovery_code_expires_at ON recovery_code (expires_at) WHERE expires_at IS NOT NULL',
  ],
}
