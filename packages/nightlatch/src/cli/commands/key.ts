import { addRootKey, keepNewestRootKey, type KeyFileChange } from '../../config/key-file.js'
import type { Settings } from '../../config/read.js'
import type { Core } from '../../core/core.js'
import { forgetLostKeys, forgetUnusedKeys, retireOldKeys } from '../../core/keys/key-checks.js'
import { rotateSigningKeys } from '../../core/applications/signing-keys.js'
import type { AddCommands, CliCommand } from '../framework/command.js'
import type { CliDeps } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { isoTime, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

type Options = Readonly<Record<string, unknown>>

export const addKeyCommands: AddCommands = (program, deps) => {
  const key = program
    .command('key')
    .description(
      'Root keys: which ones the database knows, how to change one, and what if one is lost; and the keys that tokens of ' +
        'applications are signed with.',
    )
  key.example('nightlatch key list')
  addList(key, deps)
  addNew(key, deps)
  addRetire(key, deps)
  addForgetLost(key, deps)
  addRotateSigning(key, deps)
}

function addList(key: CliCommand, deps: CliDeps): void {
  const list = key
    .command('list')
    .description('Lists the root keys that sealed something in this database; never a key itself.')
    .example('nightlatch key list', 'nightlatch key list --json')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      lostKey: true,
      async work({ core }) {
        const keys = await core.queries.keys.list()
        const described = keys.map((one) => ({ ...one, newest: one.id === core.box.keyId }))
        if (options['json'] === true) return printJson(deps, { keys: described })
        const rows = described.map(({ id, here, newest, secrets }) => [
          id,
          here ? (newest ? 'newest' : 'here') : 'not here',
          String(secrets),
        ])
        printTable(deps, ['KEY', 'STATE', 'SECRETS'], rows)
      },
    })
  })
}

function addNew(key: CliCommand, deps: CliDeps): void {
  const add = key
    .command('new')
    .description(
      'Puts a new root key before the present one in the key file. Restart the server then: it seals under the new ' +
        'one, opens with both, and seals everything anew in the background.',
    )
    .example('nightlatch key new')
    .option('--json', 'Print JSON.')
  addSettingFlags(add, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    // Opened first: a key that does not fit must not get one put before it.
    await withApp(deps, { settings, work: () => Promise.resolve() })
    const path = pathOf(addRootKey(settings))
    if (options['json'] === true) return printJson(deps, { file: path })
    tell(
      deps,
      `A new key stands before the old one in ${path}: keep a copy of the file. ` +
        'Restart the server, then: nightlatch key retire',
    )
  })
}

function addRetire(key: CliCommand, deps: CliDeps): void {
  const retire = key
    .command('retire')
    .description(
      'Seals whatever still lies under an older root key under the newest one, and takes the older ones out of the ' +
        'key file. Restart every server with the new key first.',
    )
    .example('nightlatch key retire')
    .option('--json', 'Print JSON.')
  addSettingFlags(retire, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    const resealed = await withApp(deps, { settings, work: ({ core }) => readyToRetire(core) })
    const kept = keepNewestRootKey(settings)
    if (kept.kind === 'refused') throw new Refused(kept.why, 'root-key')
    const retired = await forgetOthers(deps, settings, kept)
    if (options['json'] === true) return printJson(deps, { resealed, retired })
    tell(deps, retiredInWords(retired, kept))
  })
}

async function readyToRetire(core: Core): Promise<number> {
  const ready = await retireOldKeys(core)
  if (ready.kind === 'ready') return ready.resealed
  throw new Refused(
    ready.kind === 'not-in-use'
      ? 'the server was last started with another key as its newest, and would go on sealing under it: restart it first'
      : `secrets lie under a key that is not here (${ready.keyIds.join(', ')}): add it, or nightlatch key forget-lost`,
    'root-key',
  )
}

/** With the newest key alone at hand, the others are not here, and nothing lies under them. */
async function forgetOthers(
  deps: CliDeps,
  settings: Settings,
  kept: KeyFileChange,
): Promise<readonly string[]> {
  const [newest] = settings.rootKey.kind === 'given' ? settings.rootKey.keys : []
  const alone: Settings =
    kept.kind === 'no-file' && newest !== undefined
      ? { ...settings, rootKey: { kind: 'given', keys: [newest], path: null } }
      : kept.kind === 'changed'
        ? { ...settings, rootKey: { kind: 'file', path: kept.path } }
        : settings
  return withApp(deps, {
    settings: alone,
    work: ({ core }) => forgetUnusedKeys(core),
  })
}

function retiredInWords(retired: readonly string[], kept: KeyFileChange): string {
  if (retired.length === 0) return 'There was no older key.'
  const which = retired.length === 1 ? `the key ${retired.join()}` : `the keys ${retired.join(', ')}`
  return kept.kind === 'changed'
    ? `Retired ${which}: nothing lies under it any more, and ${kept.path} holds the newest alone.`
    : `Retired ${which}: nothing lies under it any more. Take it out of NIGHTLATCH_SECRET, too.`
}

function pathOf(changed: KeyFileChange): string {
  if (changed.kind === 'changed') return changed.path
  if (changed.kind === 'refused') throw new Refused(changed.why, 'root-key')
  throw new Refused(
    'the root key comes from NIGHTLATCH_SECRET: put the output of openssl rand -base64 32 and a comma before it there',
    'root-key',
  )
}

function addForgetLost(key: CliCommand, deps: CliDeps): void {
  const forget = key
    .command('forget-lost')
    .description(
      'Declares every root key that is not at hand as lost for good. Nobody gets in without a second factor: ' +
        'the codes of the authenticators it sealed no longer work, recovery codes and a reset still do.',
    )
    .example('nightlatch key list', 'nightlatch key forget-lost --confirm')
    .option('--confirm', 'The keys are really lost.')
    .option('--json', 'Print JSON.')
  addSettingFlags(forget, databaseSettings).action(async (options: Options) => {
    if (options['confirm'] !== true)
      throw new WrongUsage('this cannot be undone: add --confirm when the key is really lost')
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      lostKey: true,
      async work({ core }) {
        const count = await forgetLostKeys(core)
        if (options['json'] === true) return printJson(deps, { forgotten: count })
        const forgotten = count === 1 ? '1 key' : `${count} keys`
        tell(deps, count === 0 ? 'Every key is at hand: nothing was changed.' : `Forgot ${forgotten}.`)
      },
    })
  })
}

function addRotateSigning(key: CliCommand, deps: CliDeps): void {
  const rotate = key
    .command('rotate-signing')
    .description(
      'Makes new keys for the tokens of applications. They are shown at once and sign in a day, when every application ' +
        'has seen them; the old ones are shown as long as a token of theirs lives.',
    )
    .example('nightlatch key rotate-signing')
    .option('--now', 'The old keys are not to be trusted: the new ones sign at once.')
    .option('--json', 'Print JSON.')
  addSettingFlags(rotate, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    const rotated = await withApp(deps, {
      settings,
      work: ({ core }) => rotateSigningKeys(core, { atOnce: options['now'] === true }),
    })
    const keys = rotated.keys.map((one) => ({ ...one, activeFrom: isoTime(one.activeFrom) }))
    const oldUntil = isoTime(rotated.retiresAt)
    if (options['json'] === true) return printJson(deps, { keys, oldUntil })
    for (const one of keys) tell(deps, `${one.algorithm} ${one.id} signs from ${one.activeFrom} on.`)
    tell(deps, `Tokens of the old keys are taken until ${oldUntil}.`)
  })
}
