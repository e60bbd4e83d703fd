import type { Handler } from '../context.js'
import { later } from '../later.js'
import type { Route } from '../router.js'
import { apiPath, operationIds, operations } from './operations.js'

const handlers = later(() => import('./handlers.js'))

/** The JSON interface below /api/v1. */
export const apiRoutes: readonly Route<Handler>[] = operationIds.map((id) => ({
  method: operations[id].method,
  path: apiPath + operations[id].path,
  handler: handlers((api) => api.handlerOf(id)),
}))
