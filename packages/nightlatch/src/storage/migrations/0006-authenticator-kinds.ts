import type { Migration } from './index.js'

/**
 * An authenticator knows how its codes are made, so that those from elsewhere can be taken as they are: the defaults
 * are what every one had before. `counter` is the next one that is expected (HOTP), null where codes follow the clock;
 * `issuer` is what the app calls the entry, where that is not this installation's name. A session keeps what it is
 * worth; '' is one that was begun before: what it was proven with tells.
 */
export const authenticatorKinds: Migration = {
  id: 6,
  name: 'authenticator kinds',
  statements: [
    "ALTER TABLE authenticator ADD COLUMN algorithm {text} NOT NULL DEFAULT 'SHA1'",
    'ALTER TABLE authenticator ADD COLUMN digits {integer} NOT NULL DEFAULT 6',
    'ALTER TABLE authenticator ADD COLUMN period {integer} NOT NULL DEFAULT 30',
    'ALTER TABLE authenticator ADD COLUMN counter {integer}',
    'ALTER TABLE authenticator ADD COLUMN issuer {text}',
    "ALTER TABLE session ADD COLUMN strength {text} NOT NULL DEFAULT ''",
  ],
}
