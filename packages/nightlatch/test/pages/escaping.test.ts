import { describe, expect, it } from 'vitest'
import * as pages from '../../src/pages/index.js'
import { elements, skeleton, words } from './read.js'
import { account, confirm, recoveryCodes, setup, signedIn, site, verify } from './samples.js'

const hostile = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  '" autofocus onfocus="alert(1)',
  "' onmouseover='alert(1)",
  '</title></p></li></form><form action="https://evil.test">',
  '<!-- ',
  '{{7*7}} ${7*7} <%= 7*7 %>',
  '&quot;&gt;&lt;b&gt;',
  '\u202Egpj.exe \u2066\u200F',
]

/** Every text of a view that somebody else may have chosen, replaced. */
const spoilt = <View>(view: View, text: string): View =>
  JSON.parse(JSON.stringify(view), (key, value: unknown) =>
    typeof value === 'string' && chosenByPeople.has(key) ? text : value,
  ) as View

const chosenByPeople = new Set(
  [
    'name username typed issuer account instance host device address about id next continueTo invitation',
    'reference signedInAs uri downloadHref olderHref cancelHref replaces text',
  ]
    .join(' ')
    .split(' '),
)

const sites = (text: string) => ({
  out: spoilt({ ...site, signedInAs: undefined }, text),
  in: spoilt(signedIn, text),
})

const build = (spoil: <View>(view: View) => View, { out, in: inside }: ReturnType<typeof sites>) => ({
  login: pages.loginPage(out, spoil({ username: 'alice', next: '/x', continueTo: 'Photos' })),
  verify: pages.verifyPage(out, { ...spoil({ ...verify, next: '/x' }), others: ['recovery-code'] }),
  recovery: pages.recoveryPage(out, { ...spoil({ username: 'alice', next: '/x' }), others: ['totp'] }),
  setup: pages.setupPage(inside, {
    ...spoil({ ...setup, name: 'x', replaces: 'y', cancelHref: '/' }),
    qr: setup.qr,
  }),
  codes: pages.recoveryCodesPage(inside, spoil({ ...recoveryCodes, next: '/x' })),
  home: pages.homePage(
    inside,
    spoil({
      name: 'A',
      username: 'a',
      factors: account.authenticators,
      recoveryCodesLeft: 1,
      application: { href: '/x', host: 'x.test' },
      runsThis: true,
      standsAlone: true,
    }),
  ),
  account: pages.accountPage(inside, spoil(account)),
  rename: pages.renamePage(
    inside,
    spoil({ id: 'a1', name: 'x', typed: 'y', problems: [{ key: 'name-taken' as const, name: 'y' }] }),
  ),
  remove: pages.removeAuthenticatorPage(inside, spoil({ id: 'a1', name: 'x', last: true, required: false })),
  refused: pages.removeAuthenticatorPage(inside, spoil({ id: 'a1', name: 'x', last: true, required: true })),
  session: pages.endSessionPage(inside, spoil({ id: 's1', device: 'x' })),
  trusted: pages.endTrustedDevicePage(inside, spoil({ id: 's1', device: 'x' })),
  change: pages.changePhonePage(inside, spoil({ authenticators: account.authenticators })),
  password: pages.passwordPage(inside, spoil({ username: 'alice', minCharacters: 8 })),
  confirm: pages.confirmPage(inside, spoil(confirm)),
  confirmRecovery: pages.confirmRecoveryPage(inside, spoil(confirm)),
  invitation: pages.invitationPage(out, spoil({ invitation: 'x', username: 'bob', minCharacters: 8 })),
  first: pages.invitationPage(out, spoil({ invitation: 'x', typed: 'bob', minCharacters: 8 })),
  message: pages.messagePage(out, spoil({ key: 'broken' as const, reference: 'x' })),
  renamed: pages.accountPage(inside, {
    ...account,
    notice: spoil({ key: 'authenticator-renamed' as const, name: 'x' }),
  }),
  help: pages.helpPage(out),
})

const benign = 'harmless'
const rendered = (text: string) =>
  Object.entries(build((view) => spoilt(view, text), sites(text))).map(
    ([name, page]) => [name, pages.render(page)] as const,
  )

describe('what other people wrote', () => {
  const plain = new Map(rendered(benign))

  it.each(hostile)('stays text on every page: %j', (text) => {
    for (const [name, page] of rendered(text)) {
      expect(skeleton(page), name).toEqual(skeleton(plain.get(name) ?? ''))
      expect(words(page), name).not.toMatch(/\b49\b/)
      expect(page, name).not.toContain('<script>')
    }
  })

  it('never becomes an address: links and forms lead to this site, to mail or to an app', () => {
    for (const [name, page] of rendered('javascript:alert(1)')) {
      const own = elements(page).flatMap(({ name: tag, attributes }) =>
        ['href', 'action', 'src'].flatMap((key) =>
          attributes[key] === undefined ? [] : [`${tag} ${attributes[key]}`],
        ),
      )
      const foreign = own.filter((one) => !/^\w+ [/#]/.test(one))
      const trustedToTheServer = foreign.filter((one) => !/^a javascript:alert\(1\)$/.test(one))
      expect(trustedToTheServer, name).toEqual([])
    }
  })

  it('does not turn the direction of the words around it', () => {
    const page = pages.render(pages.renamePage(signedIn, { id: 'a', name: '\u202Egpj.exe' }))
    expect(page).toContain('<bdi>\u202Egpj.exe</bdi>')
    expect(page.match(/\u202E/g)?.length).toBe(2)
  })

  it('tells nobody the key in a label, a title or a description', () => {
    const page = pages.render(pages.setupPage(site, setup))
    const leaks = elements(page).flatMap(({ attributes }) =>
      Object.entries(attributes).filter(
        ([key, value]) => value.includes(setup.key) && !['href', 'data-copy'].includes(key),
      ),
    )
    expect(leaks).toEqual([])
  })
})
