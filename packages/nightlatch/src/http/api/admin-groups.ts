import { findGroup, listGroups, removeGroup, renameGroup } from '../../core/accounts/group-changes.js'
import type { GroupWithCount } from '../../core/accounts/groups.js'
import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import { actorOf } from './admin-people.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'

const describe = ({ name, members }: GroupWithCount) => ({ name, members })

async function groups({ services }: Call<'groups'>): Promise<HttpResponse> {
  return reply('groups', { groups: (await listGroups(services.core)).map(describe) })
}

async function group({ services, id: name }: Call<'group'>): Promise<HttpResponse> {
  const found = await findGroup(services.core, name)
  return found === null ? refuse('not-found') : reply('group', describe(found))
}

async function rename(call: Call<'renameGroup'>): Promise<HttpResponse> {
  const { core } = call.services
  const outcome = await renameGroup(core, { name: call.id, next: call.body.name, actor: actorOf(call) })
  switch (outcome.kind) {
    case 'renamed': {
      const found = await findGroup(core, outcome.name)
      return found === null ? refuse('not-found') : reply('renameGroup', describe(found))
    }
    case 'bad-group':
      return refuse('bad-name', { members: { reason: outcome.why } })
    case 'taken':
      return refuse('bad-name', { members: { reason: 'taken' } })
    case 'not-there':
      return refuse('not-found')
  }
}

async function remove(call: Call<'removeGroup'>): Promise<HttpResponse> {
  const members = await removeGroup(call.services.core, { name: call.id, actor: actorOf(call) })
  return members === null ? refuse('not-found') : reply('removeGroup', null)
}

export const groupHandlers: Handlers<'groups' | 'group' | 'renameGroup' | 'removeGroup'> = {
  groups,
  group,
  renameGroup: rename,
  removeGroup: remove,
}
