import type { Migration } from './index.js'

const say = (account: string): string => `PERFORM pg_notify('nightlatch_changed', ${account}); RETURN NULL;`

const teller = (name: string, account: string): string =>
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${say(account)} END $$`

/** Rows of an account's: whatever is put there, changed or taken away. */
const rowsOf = (table: string, when: string, name = 'nightlatch_tell_row'): readonly string[] => [
  `CREATE TRIGGER nightlatch_tell AFTER ${when} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`,
  `CREATE TRIGGER nightlatch_tell_all AFTER TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION nightlatch_tell_all()`,
]

// "Last seen" is written all the time and told to nobody.
const sessionColumns =
  'token_hash, id, account, factors, signed_in_at, verified_at, expires_at, address, user_agent'

/**
 * Every server hears which account was changed, and forgets what it remembers of it. With SQLite each process
 * sees by itself that something was written.
 */
export const toldChanges: Migration = {
  id: 2,
  name: 'told changes',
  only: 'postgres',
  statements: [
    teller('nightlatch_tell_account', 'OLD.id'),
    teller('nightlatch_tell_row', 'COALESCE(OLD.account, NEW.account)'),
    teller('nightlatch_tell_all', `'*'`),
    ...rowsOf('session', `UPDATE OF ${sessionColumns} OR DELETE`),
    ...rowsOf('account', 'UPDATE OR DELETE', 'nightlatch_tell_account'),
    ...rowsOf('authenticator', 'INSERT OR UPDATE OR DELETE'),
    ...rowsOf('recovery_code', 'INSERT OR DELETE'),
  ],
}
