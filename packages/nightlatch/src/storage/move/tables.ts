/** A table as it is copied: what of each row, and in which order. */
export interface Table {
  readonly name: string
  readonly key: readonly string[]
  readonly text: readonly string[]
  readonly integers: readonly string[]
  readonly columns: readonly string[]
  /** Rows that say something of this database alone are left out: a condition, or ''. */
  readonly where: string
}

/** Facts about a move belong to the database that they are in. */
export const movePrefix = 'move:'

/** Names with a blank between them. */
interface Words {
  readonly key: string
  readonly text: string
  readonly integers?: string
  readonly where?: string
}

const list = (words: string): readonly string[] => (words === '' ? [] : words.split(' '))

function table(name: string, { key, text, integers = '', where = '' }: Words): Table {
  const columns = [...list(text), ...list(integers)]
  return { name, key: list(key), text: list(text), integers: list(integers), columns, where }
}

/**
 * Every table that is moved, each behind those that it refers to: all but `migration` and `lease`, which are about
 * one database and its servers. A test compares the list with the schema.
 */
export const tables: readonly Table[] = [
  table('account', {
    key: 'id',
    text: 'id username name email group_names password_hash factor_counts sort_key verified_email',
    integers: 'password_due admin disabled authenticator_count created_at last_sign_in_at ends_at waiting',
  }),
  table('login_name', { key: 'name', text: 'name account', integers: 'held_until' }),
  table('people_group', { key: 'key', text: 'key name', integers: 'created_at' }),
  table('membership', { key: 'people_group account', text: 'people_group account sort_key' }),
  table('search_word', { key: 'word account', text: 'word account' }),
  table('session', {
    key: 'token_hash',
    text: 'token_hash id account factors address user_agent strength',
    integers: 'signed_in_at verified_at last_seen_at expires_at',
  }),
  table('sign_in', { key: 'token_hash', text: 'token_hash id account', integers: 'started_at expires_at' }),
  table('hardware_token', {
    key: 'serial_key',
    text: 'serial_key serial maker sealed algorithm',
    integers: 'digits period counter last_step drift added_at',
  }),
  table('authenticator', {
    key: 'id',
    text: 'id account name sealed algorithm issuer serial_key',
    integers: 'last_step created_at last_used_at digits period counter entry_number drift',
  }),
  table('passkey_user', { key: 'account', text: 'account user_handle' }),
  table('passkey', {
    key: 'id',
    text: 'id account name credential_id public_key rp_id transports aaguid',
    integers: 'algorithm sign_count verifies_user backup_eligible backed_up created_at last_used_at',
  }),
  table('passkey_challenge', { key: 'hash', text: 'hash', integers: 'expires_at' }),
  table('set_up', {
    key: 'owner',
    text: 'owner id account sealed name replaces',
    integers: 'created_at expires_at entry_number',
  }),
  table('recovery_code_set', { key: 'account', text: 'account salt' }),
  table('recovery_code', { key: 'account hash', text: 'account hash', integers: 'expires_at' }),
  table('unsaved_codes', { key: 'session', text: 'session account sealed' }),
  table('trusted_device', {
    key: 'id',
    text: 'id account token_hash previous_hash series_hash user_agent address',
    integers: 'created_at last_used_at expires_at',
  }),
  table('known_device', { key: 'account device_hash', text: 'account device_hash', integers: 'seen_at' }),
  table('invitation', {
    key: 'token_hash',
    text: 'token_hash id account mailed_to',
    integers: 'created_at expires_at',
  }),
  table('mail_link', {
    key: 'token_hash',
    text: 'token_hash id kind account sealed',
    integers: 'created_at expires_at',
  }),
  table('outbox', {
    key: 'id',
    text: 'id kind account sealed',
    integers: 'tries created_at next_try_at expires_at',
  }),
  table('open_invitation', {
    key: 'id',
    text: 'id token_hash handed_token_hash group_names domain email invited_by',
    integers: 'uses used created_at expires_at withdrawn_at',
  }),
  table('registration', {
    key: 'email_key',
    text: 'email_key token_hash email invitation',
    integers: 'created_at expires_at',
  }),
  table('application', {
    key: 'id',
    text: 'id name redirect_uris post_logout_uris backchannel_logout_uri launch_url group_names access signing_algorithm secrets',
    integers: 'is_public skip_consent created_at allows_device',
  }),
  table('application_consent', {
    key: 'application account',
    text: 'application account scopes',
    integers: 'given_at last_used_at',
  }),
  table('application_grant', {
    key: 'id',
    text: 'id application account session scopes',
    integers: 'created_at expires_at',
  }),
  table('application_token', {
    key: 'hash',
    text: 'hash kind grant_id payload',
    integers: 'created_at expires_at consumed_at',
  }),
  table('authorization_request', {
    key: 'id',
    text: 'id application query mark answer answered_by',
    integers: 'started_at expires_at',
  }),
  table('device_request', {
    key: 'hash',
    text: 'hash id user_code_hash application payload scopes address user_agent answer proof',
    integers: 'started_at expires_at polled_at wait_seconds consumed_at',
  }),
  table('application_logout', {
    key: 'application session',
    text: 'application session account',
    integers: 'tries next_try_at',
  }),
  table('signing_key', {
    key: 'id',
    text: 'id algorithm public_jwk sealed',
    integers: 'created_at active_from retires_at',
  }),
  table('attempt', { key: 'key', text: 'key', integers: 'failures blocked_until changed_at forgets' }),
  table('audit', {
    key: 'sequence',
    text: 'event account address user_agent details',
    integers: 'sequence at',
  }),
  table('fact', {
    key: 'name',
    text: 'name value',
    where: `substr(name, 1, ${String(movePrefix.length)}) <> '${movePrefix}'`,
  }),
]
