import type { Migration } from './index.js'

/**
 * Every server hears of a passkey that is made, renamed, used or removed, as it does of authenticators: what it remembers of
 * the account names them.
 */
export const toldPasskeys: Migration = {
  id: 10,
  name: 'told passkeys',
  only: 'postgres',
  statements: [
    `CREATE TRIGGER nightlatch_tell AFTER INSERT OR UPDATE OR DELETE ON passkey
      FOR EACH ROW EXECUTE FUNCTION nightlatch_tell_row()`,
    `CREATE TRIGGER nightlatch_tell_all AFTER TRUNCATE ON passkey
      FOR EACH STATEMENT EXECUTE FUNCTION nightlatch_tell_all()`,
  ],
}
