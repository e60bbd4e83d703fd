/** Google Authenticator's export, `otpauth-migration://`: read, joined from several QR codes, and written. */
export {
  joinMigration,
  readMigration,
  type EntryProblem,
  type JoinedMigration,
  type MigrationAccount,
  type MigrationBatch,
  type MigrationPart,
  type MigrationProblem,
  type ParsedMigration,
} from './migration-read.js'
export { writeMigration, type MigrationOptions } from './migration-write.js'
