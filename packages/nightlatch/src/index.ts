export {
  createNightlatch,
  OptionsError,
  type AuthOptions,
  type NightlatchAuth,
  type RequestLike,
} from './compose/library.js'
export type { SessionView } from './http/session-view.js'
export type { ApplicationAccount, ApplicationAccounts } from './core/core.js'
export { StartError } from './compose/open.js'
export { StorageError } from './storage/index.js'
