import { readFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Settings } from '../../config/read.js'
import { listGroups } from '../../core/accounts/group-changes.js'
import { groupKey } from '../../core/accounts/groups.js'
import type { Nightlatch } from '../framework/deps.js'
import type { Log } from '../../log/log.js'
import type { AccessRules } from '../../core/access/rules.js'
import { parseAccessRules } from '../../core/access/rules-file.js'
import { WrongUsage } from '../framework/errors.js'

export const rulesOption = (): Option =>
  new Option('--rules <file>', 'A file of rules by host, path, method and group.')

/** A rule for a group that nobody is in shuts everybody out: no mistake, but whoever wrote it is to know. */
export async function warnOfGroups(
  { core }: Pick<Nightlatch, 'core'>,
  log: Log,
  rules: AccessRules,
): Promise<void> {
  const asked = new Map(
    rules.rules.flatMap(({ groups }) => groups ?? []).map((name) => [groupKey(name), name]),
  )
  if (asked.size === 0) return
  const filled = (await listGroups(core)).filter(({ members }) => members > 0)
  for (const { key } of filled) asked.delete(key)
  if (asked.size === 0) return
  const names = [...asked.values()]
  log.event('warn', 'rules.group-without-members', {
    count: names.length,
    reason: `nobody is in the group ${names.join(', ')}, so that its rules let nobody pass: nightlatch user edit NAME --add-group ${names[0] ?? 'GROUP'}`,
  })
}

interface RulesOptions {
  /** Paths for everybody. */
  readonly public?: readonly string[]
  readonly rules?: string
}

/** Public paths come first, then the file's rules; everything else is for whoever is signed in. */
export function rulesOf(options: RulesOptions, { mfa }: Settings): AccessRules {
  const otherwise = mfa === 'required' ? 'two-factors' : 'one-factor'
  const open = options.public ?? []
  const publicText = JSON.stringify({ rules: open.map((path) => ({ path, access: 'public' })) })
  const first = rulesFrom(publicText, { otherwise, name: () => '--public' })
  if (options.rules === undefined) return first
  const file = options.rules
  const rest = rulesFrom(readText(file), { otherwise, name: (line) => `${file}:${line}` })
  return { ...rest, rules: [...first.rules, ...rest.rules] }
}

interface RulesSource {
  readonly otherwise: AccessRules['otherwise']
  name(line: number): string
}

function rulesFrom(text: string, { otherwise, name }: RulesSource): AccessRules {
  const read = parseAccessRules(text, otherwise)
  if (read.kind === 'rules') return read.rules
  throw new WrongUsage(...read.problems.map(({ line, reason }) => `${name(line)}: ${reason}.`))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new WrongUsage(`--rules: ${error instanceof Error ? error.message : file}.`)
  }
}
