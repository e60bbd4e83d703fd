/** As much of the library as is used here; it brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export type Payload = Record<string, unknown>

  export interface Adapter {
    upsert(id: string, payload: Payload, expiresIn?: number): Promise<void>
    find(id: string): Promise<Payload | undefined>
    findByUid(uid: string): Promise<Payload | undefined>
    findByUserCode(userCode: string): Promise<Payload | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export interface Grant {
    addOIDCScope(scope: string): void
    addOIDCClaims(claims: readonly string[]): void
  }

  export interface Token {
    readonly extra?: Payload
    readonly accountId?: string
    readonly clientId?: string
    readonly scopes: ReadonlySet<string>
    readonly acr?: string
    readonly amr?: readonly string[]
    readonly authTime?: number
    readonly sid?: string
  }

  export interface Client {
    readonly clientId: string
    readonly tokenEndpointAuthMethod: string
    grantTypeAllowed(type: string): boolean
  }

  export interface OidcContext {
    readonly route: string
    readonly params: Record<string, string | undefined>
    readonly prompts: ReadonlySet<string>
    readonly client: Client
    readonly body?: Record<string, unknown>
    readonly session: { readonly accountId?: string }
    readonly claims: { readonly id_token?: Record<string, ClaimRequest | null> }
    readonly requestParamOIDCScopes: ReadonlySet<string>
    readonly requestParamClaims: ReadonlySet<string>
    readonly entities: {
      readonly IdTokenHint?: { readonly payload: Payload }
      readonly RefreshToken?: Token
      readonly AuthorizationCode?: Token
      readonly DeviceCode?: Token
    }
  }

  export interface ClaimRequest {
    readonly essential?: boolean
    readonly value?: unknown
    readonly values?: readonly unknown[]
  }

  export interface Context {
    readonly oidc: OidcContext
    readonly req: IncomingMessage
    readonly query: Record<string, unknown>
    status: number
    body: unknown
  }

  export interface Interaction {
    readonly prompt: { readonly name: string; readonly reasons: readonly string[] }
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    /** Of the request that is being answered. */
    static readonly ctx: Context | undefined
    silent: boolean
    readonly Client: { prototype: object; find(id: string): Promise<Client | undefined> }
    readonly Session: { prototype: object }
    readonly OIDCContext: { prototype: object }
    readonly Grant: new (parts: Payload) => Grant
    readonly IdToken: {
      new (
        available: Payload,
        parts: { client: Client | undefined },
      ): {
        mask: Payload
        set(name: string, value: unknown): void
        issue(wish: { use: 'logout' }): Promise<string>
      }
      validate(token: string, client: Client): Promise<{ payload: Payload }>
    }
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    on(event: string, listener: (ctx: Context, error: Error) => void): this
    registerResponseMode(
      name: string,
      handler: (ctx: Context, action: string, fields: Record<string, string>) => void,
    ): void
  }

  export const errors: Record<
    | 'InvalidGrant'
    | 'InvalidRequest'
    | 'SlowDown'
    | 'UnauthorizedClient'
    | 'AccessDenied'
    | 'LoginRequired'
    | 'UnmetAuthenticationRequirements',
    new (description?: string, detail?: string) => Error
  >

  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- as the library has it
  export class PolicyCheck {
    constructor(reason: string, description: string, error: string, check: (ctx: Context) => boolean)
  }

  export interface PolicyChecks extends Array<PolicyCheck> {
    remove(reason: string): void
    add(check: PolicyCheck): void
  }

  export class PolicyPrompt {
    readonly checks: PolicyChecks
    constructor(info: { name: string; requestable: boolean }, ...checks: readonly PolicyCheck[])
  }

  export const interactionPolicy: {
    readonly Check: typeof PolicyCheck
    readonly Prompt: typeof PolicyPrompt
  }

  export default Provider
}
