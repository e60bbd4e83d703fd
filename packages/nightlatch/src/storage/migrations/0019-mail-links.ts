import type { Migration } from './index.js'

/**
 * Links that went by mail: the token is here as a hash. What one is about (a new address, what a change took away) lies
 * sealed with it.
 */
export const mailLinks: Migration = {
  id: 19,
  name: 'mail links',
  statements: [
    `CREATE TABLE mail_link (
      token_hash {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      kind {text} NOT NULL,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      sealed {text} NOT NULL,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX mail_link_account ON mail_link (account, kind, created_at)',
    'CREATE INDEX mail_link_expires_at ON mail_link (expires_at)',
    // A sealed text is `v1.<16 characters that name the key>.…`.
    'CREATE INDEX mail_link_key ON mail_link (substr(sealed, 4, 16), id)',
  ],
}
