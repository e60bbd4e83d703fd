import type { ApplicationInput } from './registration.js'

/** An application of which nothing has been said yet. */
export const blankApplication: ApplicationInput = {
  name: '',
  isPublic: false,
  allowsDevice: false,
  redirectUris: [],
  postLogoutUris: [],
  backchannelLogoutUri: '',
  launchUrl: '',
  groups: [],
  access: 'one-factor',
  skipConsent: false,
  signingAlgorithm: 'RS256',
}

type Said = Omit<ApplicationInput, 'isPublic'>

/** What is left out stays. Whether an application keeps a secret is said once, when it is registered. */
export type ApplicationEdit = { readonly [Key in keyof Said]?: Said[Key] | undefined } & {
  readonly addRedirectUris?: readonly string[] | undefined
  readonly removeRedirectUris?: readonly string[] | undefined
}

/** What is said takes the place of what there is. */
export function withEdit(now: ApplicationInput, edit: ApplicationEdit): ApplicationInput {
  const said = <Key extends keyof Said>(key: Key): Said[Key] =>
    (edit[key] as Said[Key] | undefined) ?? now[key]
  const redirectUris = [...said('redirectUris'), ...(edit.addRedirectUris ?? [])]
  return {
    name: said('name'),
    isPublic: now.isPublic,
    allowsDevice: said('allowsDevice'),
    redirectUris: redirectUris.filter((uri) => edit.removeRedirectUris?.includes(uri) !== true),
    postLogoutUris: said('postLogoutUris'),
    backchannelLogoutUri: said('backchannelLogoutUri'),
    launchUrl: said('launchUrl'),
    groups: said('groups'),
    access: said('access'),
    skipConsent: said('skipConsent'),
    signingAlgorithm: said('signingAlgorithm'),
  }
}
