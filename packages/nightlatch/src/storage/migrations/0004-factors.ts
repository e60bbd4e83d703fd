import type { Migration } from './index.js'

/**
 * An account counts second factors of every kind: TOTP where it always did, the others in a record beside it. A
 * version that does not know a kind keeps its count, and takes the account for one that has a second factor.
 */
export const factors: Migration = {
  id: 4,
  name: 'factors',
  statements: ["ALTER TABLE account ADD COLUMN factor_counts {text} NOT NULL DEFAULT '{}'"],
}
