import type { Migration } from './index.js'

/**
 * Applications that are to be told that a session has ended. Written by the database itself when a session is deleted,
 * so that no way of ending one can forget it. No reference: what is told of may be gone already.
 */
export const applicationLogout: Migration = {
  id: 16,
  name: 'application logout',
  statements: [
    `CREATE TABLE application_logout (
      application {text} NOT NULL,
      session {text} NOT NULL,
      account {text} NOT NULL,
      tries {integer} NOT NULL,
      next_try_at {integer} NOT NULL,
      PRIMARY KEY (application, session)
    ) {keyed}`,
    'CREATE INDEX application_logout_next_try_at ON application_logout (next_try_at)',
  ],
}

const told = `INSERT INTO application_logout (application, session, account, tries, next_try_at)
  SELECT DISTINCT application_grant.application, OLD.id, OLD.account, 0, 0
  FROM application_grant JOIN application ON application.id = application_grant.application
  WHERE application_grant.session = OLD.id AND application.backchannel_logout_uri <> ''
  ON CONFLICT DO NOTHING;`

export const sessionsTellInSqlite: Migration = {
  id: 17,
  name: 'sessions tell applications (SQLite)',
  only: 'sqlite',
  statements: [`CREATE TRIGGER session_tells_applications BEFORE DELETE ON session BEGIN ${told} END`],
}

export const sessionsTellInPostgres: Migration = {
  id: 18,
  name: 'sessions tell applications (PostgreSQL)',
  only: 'postgres',
  statements: [
    `CREATE FUNCTION nightlatch_tell_applications() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN ${told} RETURN OLD; END $$`,
    `CREATE TRIGGER nightlatch_tell_applications BEFORE DELETE ON session
      FOR EACH ROW EXECUTE FUNCTION nightlatch_tell_applications()`,
  ],
}
