import type { Migration } from './index.js'

/**
 * Invitations that make accounts, requests to register whose address is yet to be confirmed, and people who wait for an
 * administrator. Those are disabled as well: a server of the version before lets none of them in.
 */
export const registration: Migration = {
  id: 13,
  name: 'registration',
  statements: [
    'ALTER TABLE account ADD COLUMN waiting {integer} NOT NULL DEFAULT 0',
    'CREATE INDEX account_waiting ON account (sort_key, id) WHERE waiting = 1',

    `CREATE TABLE open_invitation (
      id {text} PRIMARY KEY,
      token_hash {text} NOT NULL UNIQUE,
      group_names {text} NOT NULL,
      uses {integer} NOT NULL,
      used {integer} NOT NULL,
      domain {text} NOT NULL,
      email {text} NOT NULL,
      invited_by {text},
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL,
      withdrawn_at {integer}
    ) {keyed}`,
    'CREATE INDEX open_invitation_created_at ON open_invitation (created_at, id)',
    'CREATE INDEX open_invitation_expires_at ON open_invitation (expires_at)',

    `CREATE TABLE registration (
      email_key {text} PRIMARY KEY,
      token_hash {text} NOT NULL UNIQUE,
      email {text} NOT NULL,
      invitation {text} REFERENCES open_invitation ON DELETE CASCADE,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX registration_expires_at ON registration (expires_at)',
    'CREATE INDEX registration_invitation ON registration (invitation)',
  ],
}
