import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { useApp } from '../../packages/nightlatch/test/support/app.js'
import { authorizePath } from '../../packages/nightlatch/test/support/application.js'
import { run } from '../../packages/nightlatch/test/support/cli.js'
import { root } from './blocks.js'
import { recipeIn, recipes } from './recipes.js'

/** Pages of docs/guides/applications, at an installation at the address that they are written for. */
const issuer = 'https://auth.example.org'
const app = useApp({ env: { NIGHTLATCH_ORIGIN: issuer } })

type Discovery = Readonly<Record<string, string | readonly string[]>>
let discovery: Discovery
beforeAll(async () => {
  const found = await fetch(`${app.origin}/.well-known/openid-configuration`)
  discovery = (await found.json()) as Discovery
})

interface Client {
  readonly id: string
  readonly redirectUris: readonly string[]
  readonly postLogoutUris: readonly string[]
  readonly launchUrl: string | null
}

/** The lines of a page, at the running installation: what was registered. */
async function clientsOf(commands: readonly (readonly string[])[]): Promise<readonly Client[]> {
  const clients: Client[] = []
  for (const [npx, name, ...args] of commands) {
    expect([npx, name, ...args.slice(0, 2)]).toEqual(['npx', 'nightlatch', 'client', 'add'])
    const env = { NIGHTLATCH_DATA: app.dataFolder }
    const { status, out, err } = await run([...args, '--json'], { env })
    expect({ status, err: status === 0 ? '' : err }).toEqual({ status: 0, err: '' })
    const said = JSON.parse(out) as { client: Client; issuer: string }
    expect(said.issuer).toBe(issuer)
    clients.push(said.client)
  }
  return clients
}

/** Everything behind a key that is called after scopes, in a line or in a row of a table. */
const scopesIn = (settings: string): string[] =>
  Array.from(settings.matchAll(/scopes?\b["`]?[^\w\n]+([^\n|\]]*)/gi), ([, value]) => value ?? '').flatMap(
    (value) => value.replaceAll(/--\w+/g, ' ').match(/[a-z_]{3,}/g) ?? [],
  )

/** Claims that an application is told to read. */
const claimsIn = (settings: string): string[] =>
  Array.from(
    settings.matchAll(
      /(?:claim(?:-name)?|attribute_path|mapping-\w+)\b["`]?[\s|:=`]+([a-z_]+)[`\s]*(?=[\s|]|$)/gi,
    ),
    ([, name]) => name ?? '',
  )

describe.each(recipes)('%s', (file) => {
  const recipe = recipeIn(file)
  let clients: readonly Client[]
  beforeAll(async () => {
    clients = await clientsOf(recipe.commands)
  })

  it('is registered by its line, and its people are asked to sign in', async () => {
    expect(clients.length).toBeGreaterThan(0)
    for (const { id, redirectUris } of clients)
      for (const redirectUri of redirectUris) {
        const reply = await app.browser().get(authorizePath({ id, redirectUri }))
        expect(reply).toMatchObject({ status: 303, location: expect.stringMatching(/^\/login\?/) as string })
      }
  })

  it('has settings that name its ids, and addresses and scopes that are here', () => {
    for (const { id } of clients) expect(recipe.settings).toMatch(new RegExp(`[\`=: "]${id}[\`\\s"\\\\]`))
    const ours = recipe.settings.match(/https:\/\/auth\.example\.org[^\s"`',?]*/g) ?? []
    const known = [issuer, `${issuer}/.well-known/openid-configuration`, ...Object.values(discovery)]
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.filter((url) => !known.includes(url))).toEqual([])
    expect(scopesIn(recipe.settings).filter((one) => !discovery['scopes_supported']?.includes(one))).toEqual(
      [],
    )
    expect(claimsIn(recipe.settings).filter((one) => !discovery['claims_supported']?.includes(one))).toEqual(
      [],
    )
  })

  it('has settings that name no address of its own but the registered ones', () => {
    const own =
      decodeURIComponent(recipe.settings).match(/https:\/\/(?!auth\.)\w+\.example\.org[^\s"`']*/g) ?? []
    const registered = clients.flatMap(({ redirectUris, postLogoutUris, launchUrl }) => [
      ...redirectUris,
      ...postLogoutUris,
      launchUrl,
    ])
    expect(own.filter((url) => !registered.includes(url))).toEqual([])
  })

  it('says by what it was checked and when, and is linked from the overview', () => {
    const page = readFileSync(join(root, file), 'utf8')
    const [, read = ''] = page.split('\n\n')
    expect(read).toMatch(/^By the [^]*https:/)
    expect(read).toMatch(/\b\d{1,2} \w+ 20\d\d\b/)
    for (const heading of ['At Nightlatch', 'In ', 'Groups', 'Sign-out', 'When it does not work'])
      expect(page).toContain(`\n## ${heading}`)
    const overview = readFileSync(join(root, 'docs/guides/applications.md'), 'utf8')
    expect(overview).toContain(`(${file.replace('docs/guides/', '')})`)
  })
})
