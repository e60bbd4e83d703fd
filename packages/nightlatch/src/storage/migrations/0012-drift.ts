import type { Migration } from './index.js'

/** By how many steps an authenticator's clock differs, as it was last seen (RFC 6238 §6). */
export const drift: Migration = {
  id: 12,
  name: 'drift',
  statements: ['ALTER TABLE authenticator ADD COLUMN drift {integer} NOT NULL DEFAULT 0'],
}
