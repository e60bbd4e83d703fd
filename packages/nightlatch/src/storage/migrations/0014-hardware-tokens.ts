import type { Migration } from './index.js'

/**
 * Hardware tokens, by their serial number: in the drawer, or with whoever has an authenticator of that number. A token
 * that comes back keeps where it was, so that codes used until then stay used.
 */
export const hardwareTokens: Migration = {
  id: 14,
  name: 'hardware tokens',
  statements: [
    `CREATE TABLE hardware_token (
      serial_key {text} PRIMARY KEY,
      serial {text} NOT NULL,
      maker {text} NOT NULL,
      sealed {text} NOT NULL,
      algorithm {text} NOT NULL,
      digits {integer} NOT NULL,
      period {integer} NOT NULL,
      counter {integer},
      last_step {integer} NOT NULL,
      drift {integer} NOT NULL,
      added_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX hardware_token_key ON hardware_token (substr(sealed, 4, 16), serial_key)',
    'ALTER TABLE authenticator ADD COLUMN serial_key {text}',
    'CREATE UNIQUE INDEX authenticator_serial_key ON authenticator (serial_key) WHERE serial_key IS NOT NULL',
  ],
}
