import type { Migration } from './index.js'

/**
 * Applications that sign people in with OpenID Connect. What an application was given for one sign-in is a grant; it goes
 * with the application and the account, and with a session that is ended; one that has run out leaves it behind. Tokens lie as hashes and count only while their grant is there:
 * no reference, so that the one who was first need not fail when a copy of the code ends the grant at the same moment.
 */
export const applications: Migration = {
  id: 15,
  name: 'applications',
  statements: [
    `CREATE TABLE application (
      id {text} PRIMARY KEY,
      name {text} NOT NULL,
      is_public {integer} NOT NULL,
      redirect_uris {text} NOT NULL,
      post_logout_uris {text} NOT NULL,
      backchannel_logout_uri {text} NOT NULL,
      launch_url {text} NOT NULL,
      group_names {text} NOT NULL,
      access {text} NOT NULL,
      skip_consent {integer} NOT NULL,
      signing_algorithm {text} NOT NULL,
      secrets {text} NOT NULL,
      created_at {integer} NOT NULL
    ) {keyed}`,
    `CREATE TABLE application_consent (
      application {text} NOT NULL REFERENCES application ON DELETE CASCADE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      scopes {text} NOT NULL,
      given_at {integer} NOT NULL,
      last_used_at {integer} NOT NULL,
      PRIMARY KEY (application, account)
    ) {keyed}`,
    'CREATE INDEX application_consent_account ON application_consent (account)',
    `CREATE TABLE application_grant (
      id {text} PRIMARY KEY,
      application {text} NOT NULL REFERENCES application ON DELETE CASCADE,
      account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
      session {text} REFERENCES session (id) ON DELETE CASCADE,
      scopes {text} NOT NULL,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX application_grant_session ON application_grant (session)',
    'CREATE INDEX application_grant_account ON application_grant (account, application)',
    'CREATE INDEX application_grant_application ON application_grant (application)',
    'CREATE INDEX application_grant_expires_at ON application_grant (expires_at)',
    `CREATE TABLE application_token (
      hash {text} PRIMARY KEY,
      kind {text} NOT NULL,
      grant_id {text} NOT NULL,
      payload {text} NOT NULL,
      created_at {integer} NOT NULL,
      expires_at {integer} NOT NULL,
      consumed_at {integer}
    ) {keyed}`,
    'CREATE INDEX application_token_expires_at ON application_token (expires_at)',
    `CREATE TABLE authorization_request (
      id {text} PRIMARY KEY,
      application {text} NOT NULL REFERENCES application ON DELETE CASCADE,
      query {text} NOT NULL,
      mark {text} NOT NULL,
      answer {text} NOT NULL,
      started_at {integer} NOT NULL,
      expires_at {integer} NOT NULL
    ) {keyed}`,
    'CREATE INDEX authorization_request_application ON authorization_request (application)',
    'CREATE INDEX authorization_request_expires_at ON authorization_request (expires_at)',
    `CREATE TABLE signing_key (
      id {text} PRIMARY KEY,
      algorithm {text} NOT NULL,
      public_jwk {text} NOT NULL,
      sealed {text} NOT NULL,
      created_at {integer} NOT NULL,
      active_from {integer} NOT NULL,
      retires_at {integer}
    ) {keyed}`,
  ],
}
