import type { Migration } from './index.js'

/** Somebody else may know the password: the next sign-in asks for a new one before anything else. */
export const passwordDue: Migration = {
  id: 20,
  name: 'password due',
  statements: ['ALTER TABLE account ADD COLUMN password_due {integer} NOT NULL DEFAULT 0'],
}
