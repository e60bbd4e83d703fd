import type { Migration } from './index.js'

/**
 * Times are whole Unix seconds, yes and no are 1 and 0, lists and records are JSON. Tokens and recovery codes
 * are here only as hashes, authenticator secrets only sealed.
 */
export const first: Migration = {
  id: 1,
  name: 'first',
  statements: [
    `CREATE TABLE account (
      id {text} PRIMARY KEY,
      username {text} NOT NULL,
      name {text} NOT NULL,
      email {text} NOT NULL,
      group_names {text} NOT NULL,
      admin {integer} NOT NULL,
      disabled {integer} NOT NULL,
      password_hash {text} NOT NULL,
      authenticator_count {integer} NOT NULL,
      created_at {integer} NOT NULL,
      last_sign_in_at {integer} NOT NULL
    ) {keyed}`,

    `CREATE TABLE login_name (
      name {text} PRIMARY KEY,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE
    ) {keyed}`,
    'CREATE INDEX login_name_account ON login_name (account)',

    `CREATE TABLE session (
      token_hash {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      factors {text} NOT NULL,
      signed_in_at {integer} NOT NULL,
      verified_at {integer} NOT NULL,
      last_seen_at {integer} NOT NULL,
      expires_at {integer} NOT NULL,
      address {text} NOT NULL,
      user_agent {text} NOT NULL
    ) {keyed}`,
    'CREATE INDEX session_account ON session (account, last_seen_at)',
    'CREATE INDEX session_expires_at ON session (expires_at)',

    `CREATE TABLE sign_in (
      token_hash {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      started_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX sign_in_account ON sign_in (account)',
    'CREATE INDEX sign_in_expires_at ON sign_in (expires_at)',

    `CREATE TABLE authenticator (
      id {text} PRIMARY KEY,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      name {text} NOT NULL,
      sealed {text} NOT NULL,
      last_step {integer} NOT NULL,
      created_at {integer} NOT NULL,
      last_used_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX authenticator_account ON authenticator (account)',

    `CREATE TABLE set_up (
      owner {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      sealed {text} NOT NULL,
      name {text} NOT NULL,
      replaces {text} NOT NULL,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX set_up_account ON set_up (account)',
    'CREATE INDEX set_up_expires_at ON set_up (expires_at)',

    `CREATE TABLE recovery_code_set (
      account {text} PRIMARY KEY REFERENCES account ON DELETE CASCADE,
      salt {text} NOT NULL
    ) {keyed}`,
    `CREATE TABLE recovery_code (
      account {text} NOT NULL REFERENCES recovery_code_set ON DELETE CASCADE,
      hash {text} NOT NULL,
      PRIMARY KEY (account, hash)
    ) {keyed}`,

    `CREATE TABLE unsaved_codes (
      session {text} PRIMARY KEY
        REFERENCES session (id) ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      sealed {text} NOT NULL
    ) {keyed}`,
    'CREATE INDEX unsaved_codes_account ON unsaved_codes (account)',

    `CREATE TABLE trusted_device (
      id {text} PRIMARY KEY,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      token_hash {text} NOT NULL UNIQUE,
      previous_hash {text},
      created_at {integer} NOT NULL,
      last_used_at {integer} NOT NULL,
      expires_at {integer} NOT NULL,
      user_agent {text} NOT NULL,
      address {text} NOT NULL
    ) {keyed}`,
    'CREATE INDEX trusted_device_account ON trusted_device (account)',
    'CREATE INDEX trusted_device_expires_at ON trusted_device (expires_at)',

    `CREATE TABLE known_device (
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      device_hash {text} NOT NULL,
      seen_at {integer} NOT NULL,
      PRIMARY KEY (account, device_hash)
    ) {keyed}`,
    'CREATE INDEX known_device_seen_at ON known_device (seen_at)',

    `CREATE TABLE invitation (
      token_hash {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      account {text} REFERENCES account ON DELETE CASCADE,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX invitation_account ON invitation (account)',
    'CREATE INDEX invitation_expires_at ON invitation (expires_at)',

    `CREATE TABLE attempt (
      key {text} PRIMARY KEY,
      failures {integer} NOT NULL,
      blocked_until {integer} NOT NULL,
      changed_at {integer} NOT NULL,
      forgets {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX attempt_changed_at ON attempt (changed_at)',

    // No reference to the account: what happened stays known after an account is gone.
    `CREATE TABLE audit (
      sequence {sequence},
      at {integer} NOT NULL,
      event {text} NOT NULL,
      account {text},
      address {text} NOT NULL,
      user_agent {text} NOT NULL,
      details {text} NOT NULL
    ) {counted}`,
    'CREATE INDEX audit_account ON audit (account, sequence)',
    'CREATE INDEX audit_at ON audit (at)',

    `CREATE TABLE fact (
      name {text} PRIMARY KEY,
      value {text} NOT NULL
    ) {keyed}`,
  ],
}
