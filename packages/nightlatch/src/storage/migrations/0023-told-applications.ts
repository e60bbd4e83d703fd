import type { Migration } from './index.js'

/** Every server hears that applications were changed: what it keeps of anybody's first page names those that one may open. */
export const toldApplications: Migration = {
  id: 23,
  name: 'told applications',
  only: 'postgres',
  statements: [
    `CREATE TRIGGER nightlatch_tell_all AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON application
      FOR EACH STATEMENT EXECUTE FUNCTION nightlatch_tell_all()`,
  ],
}
