import { createHash, randomBytes } from 'node:crypto'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import type { Application } from '../../src/core/applications/application.js'
import { addApplication } from '../../src/core/applications/registration.js'
import type { ApplicationInput } from '../../src/core/applications/registration.js'
import type { Core } from '../../src/core/core.js'
import type { Browser, Reply } from './browser.js'

/** An application that signs people in, and what it knows: its id, its secret, its address. */
export interface Registered {
  readonly application: Application
  readonly id: string
  readonly secret: string
  readonly redirectUri: string
}

export const usualInput: ApplicationInput = {
  name: 'Grafana',
  isPublic: false,
  allowsDevice: false,
  redirectUris: ['https://grafana.example.org/login/generic_oauth'],
  postLogoutUris: ['https://grafana.example.org/'],
  backchannelLogoutUri: '',
  launchUrl: '',
  groups: [],
  access: 'one-factor',
  skipConsent: true,
  signingAlgorithm: 'RS256',
}

let count = 0

/** Registered as the command line does it. */
export async function register(
  core: Core,
  wish: Partial<ApplicationInput> = {},
  own: { readonly id?: string; readonly secret?: string } = {},
): Promise<Registered> {
  count += 1
  const outcome = await addApplication(core, {
    input: { ...usualInput, ...wish },
    id: own.id ?? `app-${String(count)}-${randomBytes(4).toString('hex')}`,
    secret: own.secret,
    actor: atTheCommandLine,
  })
  if (outcome.kind !== 'added') throw new Error(JSON.stringify(outcome))
  return {
    application: outcome.application,
    id: outcome.application.id,
    secret: outcome.secret?.reveal() ?? '',
    redirectUri: outcome.application.redirectUris[0] ?? '',
  }
}

export const verifier = randomBytes(32).toString('base64url')
export const challenge = createHash('sha256').update(verifier).digest('base64url')

/** The address that an application sends somebody to. `undefined` leaves a parameter out. */
export function authorizePath(
  { id, redirectUri }: Pick<Registered, 'id' | 'redirectUri'>,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = {
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope: 'openid profile email groups',
    state: 'xyz',
    nonce: 'n-0S6',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  }
  const said = Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined)
  return `/oidc/authorize?${new URLSearchParams(said).toString()}`
}

/** What came back to the application's address, behind the question mark or the number sign. */
export function answerIn(reply: Reply): Record<string, string> {
  const { searchParams, hash } = new URL(reply.location, 'https://nowhere.example')
  return Object.fromEntries([...searchParams, ...new URLSearchParams(hash.slice(1))])
}

/** Follows what stays on our origin, and stops at the first page or at the way out. */
export async function follow(browser: Browser, path: string, base = ''): Promise<Reply> {
  let reply = await browser.get(path)
  for (let hops = 0; hops < 10 && reply.status === 303 && reply.location.startsWith(`${base}/`); hops += 1)
    reply = await browser.get(reply.location)
  return reply
}

const basic = ({ id, secret }: Pick<Registered, 'id' | 'secret'>): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** As an application asks, past any browser. */
export async function askAs(
  origin: string,
  path: string,
  given: {
    readonly app?: Pick<Registered, 'id' | 'secret'>
    readonly fields?: Readonly<Record<string, string>> | string
    readonly headers?: Readonly<Record<string, string>>
  },
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const { app, fields = {}, headers = {} } = given
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(app === undefined ? {} : { authorization: basic(app) }),
      ...headers,
    },
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== ''
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
  }
}

/** A code for tokens. */
export const redeem = (
  origin: string,
  app: Registered,
  code: string,
  more: Readonly<Record<string, string>> = {},
) =>
  askAs(origin, '/oidc/token', {
    app,
    fields: {
      grant_type: 'authorization_code',
      code,
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
      ...more,
    },
  })

export const claimsIn = (token: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
