import type { Migration } from './index.js'

/**
 * The link of a mailed invitation that was handed over as well, beside the one in the mail (`token_hash`). An older version
 * of the program knows only that one; what it makes has no other, and confirms no address.
 */
export const handedInvitations: Migration = {
  id: 24,
  name: 'handed invitations',
  statements: [
    'ALTER TABLE open_invitation ADD COLUMN handed_token_hash {text}',
    'CREATE UNIQUE INDEX open_invitation_handed_token ON open_invitation (handed_token_hash)',
  ],
}
