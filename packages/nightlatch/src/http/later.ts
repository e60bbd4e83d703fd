import type { Handler } from './context.js'

/** Handlers of pages that most servers are seldom asked for: loaded with the first request, then there. */
export function later<Module>(load: () => Promise<Module>): (pick: (module: Module) => Handler) => Handler {
  let loaded: Promise<Module> | null = null
  return (pick) => async (context) => pick(await (loaded ??= load()))(context)
}
