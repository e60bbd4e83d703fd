import type { Migration } from './index.js'

/**
 * Which address of an account was confirmed, as text: whatever changes the address, an older version of the program too,
 * leaves one behind that is not confirmed. And to which address the link of an invitation was mailed: whoever uses it reads
 * mail there.
 */
export const verifiedEmail: Migration = {
  id: 21,
  name: 'verified email',
  statements: [
    "ALTER TABLE account ADD COLUMN verified_email {text} NOT NULL DEFAULT ''",
    "ALTER TABLE invitation ADD COLUMN mailed_to {text} NOT NULL DEFAULT ''",
  ],
}
