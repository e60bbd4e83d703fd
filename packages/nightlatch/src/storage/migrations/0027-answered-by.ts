import type { Migration } from './index.js'

/**
 * Whose answer an authorization request has: it counts for nobody else. '' where a server of the previous version has
 * written it, within the quarter of an hour that a request lives.
 */
export const answeredBy: Migration = {
  id: 27,
  name: 'answered by',
  statements: [`ALTER TABLE authorization_request ADD COLUMN answered_by {text} NOT NULL DEFAULT ''`],
}
