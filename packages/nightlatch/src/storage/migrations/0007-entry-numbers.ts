import type { Migration } from './index.js'

/** What number an authenticator's entry has in the app. 0: nobody has kept it. */
export const entryNumbers: Migration = {
  id: 7,
  name: 'entry numbers',
  statements: [
    'ALTER TABLE authenticator ADD COLUMN entry_number {integer} NOT NULL DEFAULT 0',
    'ALTER TABLE set_up ADD COLUMN entry_number {integer} NOT NULL DEFAULT 0',
  ],
}
