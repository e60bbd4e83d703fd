import type { Actor } from './actor.js'
import { by } from './actor.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import type { GroupProblem, GroupWithCount } from './groups.js'
import { groupKey, parseGroup } from './groups.js'
import { Rollback, storage } from '../ports/stores.js'

export const listGroups = (core: Core): Promise<readonly GroupWithCount[]> =>
  core[storage].stores.groups.list()

/** What they are called: nobody is counted, however many are in them. */
export const groupNames = (core: Core): Promise<readonly string[]> => core[storage].stores.groups.names()

export const findGroup = (core: Core, name: string): Promise<GroupWithCount | null> =>
  core[storage].stores.groups.find(groupKey(name))

type RenameGroupOutcome =
  | { readonly kind: 'renamed'; readonly name: string }
  | { readonly kind: 'not-there' }
  | { readonly kind: 'bad-group'; readonly why: GroupProblem }
  | { readonly kind: 'taken' }

/** For every member at once. Rules that name it have to be changed by whoever wrote them. */
export async function renameGroup(
  core: Core,
  { name, next, actor }: { readonly name: string; readonly next: string; readonly actor: Actor },
): Promise<RenameGroupOutcome> {
  const parsed = parseGroup(next)
  if (parsed.kind === 'refused') return { kind: 'bad-group', why: parsed.why }
  const key = groupKey(name)
  return core[storage].atomically<RenameGroupOutcome>(async (stores) => {
    await stores.groups.hold()
    const found = await stores.groups.find(key)
    if (found === null) return { kind: 'not-there' }
    if (!(await stores.groups.rename(key, parsed.group)))
      return new Rollback<RenameGroupOutcome>({ kind: 'taken' })
    const details = { from: found.name, to: parsed.group.name, members: found.members, ...by(actor) }
    await note(core, stores, { event: 'group.renamed', account: null, client: actor.client, details })
    return { kind: 'renamed', name: parsed.group.name }
  })
}

/** @returns how many were in it; null: there is none of that name */
export async function removeGroup(
  core: Core,
  { name, actor }: { readonly name: string; readonly actor: Actor },
): Promise<number | null> {
  return core[storage].atomically(async (stores) => {
    await stores.groups.hold()
    const members = await stores.groups.remove(groupKey(name))
    if (members === null) return null
    const details = { group: name, members, ...by(actor) }
    await note(core, stores, { event: 'group.removed', account: null, client: actor.client, details })
    return members
  })
}
