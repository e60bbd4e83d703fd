import type { Migration } from './index.js'

/** What the figures of a week, and of what attackers tried, are made of: nobody signs in by it, so that a sign-in writes nothing more. */
export const weekly = `event IN ('sign-in.password-refused', 'sign-in.password-throttled', 'code.refused',
  'code.throttled', 'recovery-code.refused', 'recovery-code.throttled', 'passkey.refused', 'passkey.throttled',
  'password.reset-asked', 'recovery-code.used', 'account.created', 'account.registered', 'account.imported',
  'code.locked', 'passkey.cloned', 'account.second-factor-reset', 'account.rescued')`

/**
 * What a list of people would have to walk long for: those who can sign in, among many who cannot; and those whose account
 * has ended, among many whose end is to come.
 */
export const foundPeople: Migration = {
  id: 25,
  name: 'found people',
  statements: [
    "CREATE INDEX account_active ON account (sort_key, id) WHERE disabled = 0 AND password_hash <> ''",
    'CREATE INDEX search_word_of ON search_word (account, word)',
    'DROP INDEX search_word_account',
    'CREATE INDEX account_ends ON account (ends_at) WHERE ends_at IS NOT NULL',
    `CREATE INDEX audit_weekly ON audit (event, at) WHERE ${weekly}`,
  ],
}
