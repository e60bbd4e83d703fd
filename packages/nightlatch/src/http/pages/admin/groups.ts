import { findGroup, listGroups, removeGroup, renameGroup } from '../../../core/accounts/group-changes.js'
import type { GroupWithCount } from '../../../core/accounts/groups.js'
import type { Problem } from '../../../pages/index.js'
import { groupsPage, groupWords, removeGroupPage, renameGroupPage } from '../../../pages/index.js'
import type { FormContext, Handler, SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import { takeNotice } from '../../guards.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { actorOf, adminForm, doneAt, forAdministrators, freshly } from './guard.js'

export const getGroups: Handler = forAdministrators(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const groups = await listGroups(context.services.core)
  return page(groupsPage(siteOf(context, context.signedIn), { groups, notice }), { cookies })
})

type AboutGroup<C> = (context: C, group: GroupWithCount) => HttpResponse | Promise<HttpResponse>

const about =
  <C extends SignedInContext & Partial<FormContext>>(handler: AboutGroup<C>) =>
  async (context: C): Promise<HttpResponse> => {
    const name = context.form?.get('group') ?? context.query.get('group') ?? ''
    const group = await findGroup(context.services.core, name)
    return group === null ? refusalPage(context, 'not-found') : handler(context, group)
  }

export const getRenameGroup: Handler = freshly(
  about((context, group) =>
    page(renameGroupPage(siteOf(context, context.signedIn), { ...group, typed: context.query.get('name') })),
  ),
)

export const postRenameGroup: Handler = adminForm(
  about(async (context, group) => {
    const next = context.form.get('name') ?? ''
    const wishes = { name: group.name, next, actor: actorOf(context) }
    const outcome = await renameGroup(context.services.core, wishes)
    if (outcome.kind === 'renamed')
      return doneAt(context, '/admin/groups', { key: 'group-renamed', name: outcome.name })
    if (outcome.kind === 'not-there') return refusalPage(context, 'not-found')
    const text = outcome.kind === 'taken' ? groupWords.taken : groupWords.bad
    const problems: Problem[] = [{ key: 'other', field: 'name', text }]
    const view = { ...group, typed: next.slice(0, 100), problems }
    return page(renameGroupPage(siteOf(context, context.signedIn), view), { status: statusOf('bad-name') })
  }),
)

export const getRemoveGroup: Handler = freshly(
  about((context, group) => page(removeGroupPage(siteOf(context, context.signedIn), group))),
)

export const postRemoveGroup: Handler = adminForm(
  about(async (context, group) => {
    await removeGroup(context.services.core, { name: group.name, actor: actorOf(context) })
    return doneAt(context, '/admin/groups', { key: 'group-removed', name: group.name })
  }),
)
