import type { Migration } from './index.js'

/** One server at a time removes what is over, and finds it without reading what is not. */
export const housekeeping: Migration = {
  id: 3,
  name: 'housekeeping',
  statements: [
    `CREATE TABLE lease (
      name {text} PRIMARY KEY,
      holder {text} NOT NULL,
      ends_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX session_last_seen_at ON session (last_seen_at)',
    // Counters that never forget stay; they must not be in the way of those that go.
    'CREATE INDEX attempt_forgotten ON attempt (changed_at) WHERE forgets = 1 OR failures = 0',
    // A sealed text is `v1.<16 characters that name the key>.…`.
    'CREATE INDEX authenticator_key ON authenticator (substr(sealed, 4, 16), id)',
  ],
}
