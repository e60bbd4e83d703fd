import type { Migration } from './index.js'

/**
 * Every server hears that a key that tokens are signed with was made, retired or sealed anew: it keeps the list. By row,
 * because housekeeping asks every few minutes for those that are over, and mostly finds none.
 */
export const toldSigningKeys: Migration = {
  id: 26,
  name: 'told signing keys',
  only: 'postgres',
  statements: [
    `CREATE TRIGGER nightlatch_tell AFTER INSERT OR UPDATE OR DELETE ON signing_key
      FOR EACH ROW EXECUTE FUNCTION nightlatch_tell_all()`,
    `CREATE TRIGGER nightlatch_tell_all AFTER TRUNCATE ON signing_key
      FOR EACH STATEMENT EXECUTE FUNCTION nightlatch_tell_all()`,
  ],
}
