import type { Migration } from './index.js'

/**
 * Passkeys, and what authenticators know an account by. A challenge is kept from the moment it is used until it would
 * have been too old anyway: nobody uses it twice.
 */
export const passkeys: Migration = {
  id: 9,
  name: 'passkeys',
  statements: [
    `CREATE TABLE passkey_user (
      account {text} PRIMARY KEY REFERENCES account ON DELETE CASCADE,
      user_handle {text} NOT NULL
    ) {keyed}`,
    `CREATE TABLE passkey (
      id {text} PRIMARY KEY,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      name {text} NOT NULL,
      credential_id {text} NOT NULL,
      public_key {text} NOT NULL,
      algorithm {integer} NOT NULL,
      sign_count {integer} NOT NULL,
      rp_id {text} NOT NULL,
      transports {text} NOT NULL,
      aaguid {text} NOT NULL,
      verifies_user {integer} NOT NULL,
      backup_eligible {integer} NOT NULL,
      backed_up {integer} NOT NULL,
      created_at {integer} NOT NULL,
      last_used_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE UNIQUE INDEX passkey_credential_id ON passkey (credential_id)',
    'CREATE INDEX passkey_account ON passkey (account)',
    `CREATE TABLE passkey_challenge (
      hash {text} PRIMARY KEY,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX passkey_challenge_expires_at ON passkey_challenge (expires_at)',
  ],
}
