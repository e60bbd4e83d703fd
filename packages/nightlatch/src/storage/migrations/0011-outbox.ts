import type { Migration } from './index.js'

/**
 * Mails that wait, written with what they tell of. What they say, to whom, and the tokens of their links lie sealed. No
 * reference to the account: whoever is told that it is gone must still get the mail.
 */
export const outbox: Migration = {
  id: 11,
  name: 'outbox',
  statements: [
    `CREATE TABLE outbox (
      id {text} PRIMARY KEY,
      kind {text} NOT NULL,
      account {text},
      sealed {text} NOT NULL,
      tries {integer} NOT NULL,
      created_at {integer} NOT NULL,
      next_try_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX outbox_next_try_at ON outbox (next_try_at, id)',
    'CREATE INDEX outbox_expires_at ON outbox (expires_at)',
    // A sealed text is `v1.<16 characters that name the key>.…`.
    'CREATE INDEX outbox_key ON outbox (substr(sealed, 4, 16), id)',
  ],
}
