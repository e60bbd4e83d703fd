import { hasApplications } from '../core/applications/registration.js'
import type { Core } from '../core/core.js'
import type { OidcProvider } from '../oidc/index.js'

/** The library takes memory and time to load: nobody pays for it who has no application. */
export function lazyProvider(core: Core, issuer: string): () => Promise<OidcProvider | null> {
  let loading: Promise<OidcProvider> | null = null
  return async () => {
    if (loading === null && !(await hasApplications(core))) return null
    loading ??= load(core, issuer).catch((error: unknown) => {
      loading = null
      throw error
    })
    return loading
  }
}

async function load(core: Core, issuer: string): Promise<OidcProvider> {
  const { createOidcProvider } = await withoutAdvice(() => import('../oidc/index.js'))
  return createOidcProvider(core, issuer)
}

/* eslint-disable no-console -- what prints there is not ours */
/** On Node 20 the library prints that it is not supported; it is tried there as on the others, and nobody can act on it. */
async function withoutAdvice<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console
  console.warn = (...words: readonly unknown[]) => {
    if (!String(words[0]).includes('Unsupported runtime')) warn(...words)
  }
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}
