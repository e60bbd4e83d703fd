import type { Migration } from './index.js'

/**
 * Screens without a keyboard that wait for somebody to type their code (RFC 8628). Neither the code of the screen nor that of
 * the person lies here, but their hashes.
 */
export const deviceRequests: Migration = {
  id: 22,
  name: 'device requests',
  statements: [
    'ALTER TABLE application ADD COLUMN allows_device {integer} NOT NULL DEFAULT 0',
    `CREATE TABLE device_request (
      hash {text} PRIMARY KEY,
      id {text} NOT NULL UNIQUE,
      user_code_hash {text} NOT NULL UNIQUE,
      application {text} NOT NULL REFERENCES application ON DELETE CASCADE,
      payload {text} NOT NULL,
      scopes {text} NOT NULL,
      address {text} NOT NULL,
      user_agent {text} NOT NULL,
      answer {text} NOT NULL,
      proof {text} NOT NULL,
      started_at {integer} NOT NULL,
      expires_at {integer} NOT NULL,
      polled_at {integer} NOT NULL,
      wait_seconds {integer} NOT NULL,
      consumed_at {integer}
    ) {keyed}`,
    'CREATE INDEX device_request_application ON device_request (application)',
    'CREATE INDEX device_request_expires_at ON device_request (expires_at)',
  ],
}
