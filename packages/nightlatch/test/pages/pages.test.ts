import { describe, expect, it } from 'vitest'
import * as pages from '../../src/pages/index.js'
import { render } from '../../src/pages/index.js'
import type { FactorRefusal } from '../../src/core/factors/factor.js'
import { codeProblem } from '../../src/http/pages/code-problems.js'
import { accessibleNames, elements, title, words } from './read.js'
import {
  account,
  codes,
  nowSeconds,
  recoveryCodes,
  samples,
  setup,
  setupKey,
  signedIn,
  site,
  verify,
} from './samples.js'

const all = Object.entries(samples()).map(([name, page]) => ({ name, page: render(page) }))
const find = (name: string): string => all.find((one) => one.name === name)?.page ?? ''
const input = (page: string, name: string) =>
  elements(page, 'input').filter(({ attributes }) => attributes['name'] === name)

it('whoever has removed a second factor is offered to sign out other devices', () => {
  expect(find('account-bare')).toMatch(/href="\/account\/sessions\/end-others"[^>]*>Sign out other devices</)
  expect(find('account')).not.toContain('Sign out other devices')
})

describe('every page', () => {
  it.each(all)(
    '$name has one heading, a language, and a title that ends with the name of the site',
    ({ page }) => {
      expect(elements(page, 'h1')).toHaveLength(1)
      expect(page.startsWith('<!doctype html>')).toBe(true)
      expect(elements(page, 'html')[0]?.attributes['lang']).toBe('en')
      expect(title(page)).toMatch(/ – Acme Home$/)
    },
  )

  it.each(all)('UX-A02 $name says so in its title when it comes back with a problem', ({ page }) => {
    expect(title(page).startsWith('Error: ')).toBe(page.includes('role="alert"'))
  })

  it.each(all)('$name needs nothing that the content security policy forbids', ({ page }) => {
    expect(page).not.toMatch(/\sstyle="|\son\w+="|data:|javascript:|<style/)
    expect(elements(page, 'script').map(({ attributes }) => attributes['src'])).toEqual([site.assets.js])
  })

  it.each(all)('UX-F10 $name focuses one thing at most', ({ page }) => {
    expect(page.match(/\sautofocus/g)?.length ?? 0).toBeLessThanOrEqual(1)
  })

  it.each(all)('UX-A04 $name has unique ids, and every reference leads to one', ({ page }) => {
    const ids = elements(page).flatMap(({ attributes }) => attributes['id'] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const references = elements(page).flatMap(({ name, attributes }) => [
      ...(attributes['aria-describedby'] ?? '').split(' '),
      ...(attributes['aria-labelledby'] ?? '').split(' '),
      ...(name === 'label' ? [attributes['for'] ?? ''] : []),
      ...(attributes['href']?.startsWith('#') ? [attributes['href'].slice(1)] : []),
    ])
    expect(ids).toEqual(expect.arrayContaining(references.filter((one) => one !== '')))
  })

  it.each(all)('UX-J12 $name calls each of its buttons by another name', ({ page }) => {
    const names = accessibleNames(page, 'button')
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('')
  })

  it.each(all)('$name leaves the checking of its forms to the server', ({ page }) => {
    const forms = elements(page, 'form').filter(({ attributes }) => attributes['class'] !== 'leave')
    for (const { attributes } of forms)
      expect(attributes).toMatchObject({
        method: attributes['role'] === 'search' ? 'get' : 'post',
        novalidate: '',
      })
    expect(page).not.toMatch(/\s(required|disabled|placeholder|maxlength|pattern)[\s=>]/)
  })

  it.each(all)('UX-A15 $name has help as the last link', ({ page }) => {
    expect(accessibleNames(page, 'a').at(-1)).toBe('Help')
  })

  it('UX-A02 has a title of its own', () => {
    const states =
      /-(restored|ended|continue|empty|wrong|locked|locked-short|blocked|unreadable|zone|mistaken|short|drift|second|change|unsaved|which|none|bare|recovered|taken|last|refused|now|passkeys?|elsewhere|replaces|password|register|sent)$/
    const titles = all.filter(({ name }) => !states.test(name)).map(({ page }) => title(page))
    expect(titles.length).toBeGreaterThan(30)
    expect(new Set(titles).size).toBe(titles.length)
  })

  it('lives below the base path, with all its links and forms', () => {
    const below = { ...signedIn, base: '/auth' }
    const page = render(pages.accountPage(below, { ...account, olderHref: undefined }))
    const own = elements(page).flatMap(({ attributes }) => attributes['href'] ?? attributes['action'] ?? [])
    const outside = own.filter(
      (one) => !one.startsWith('/auth/') && !one.startsWith('/assets/') && one !== '#main',
    )
    expect(outside).toEqual([])
  })
})

describe('the box for the 6-digit code', () => {
  const withCode = all.filter(({ page }) => input(page, 'otp').length > 0)

  it('UX-F01, UX-F02 is one plain text box that phones and password managers know, and accepts whatever is pasted', () => {
    const [box] = input(find('verify'), 'otp')
    expect(box?.attributes).toEqual({
      id: 'otp',
      name: 'otp',
      type: 'text',
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      autocapitalize: 'none',
      autocorrect: 'off',
      spellcheck: 'false',
      enterkeyhint: 'go',
      dir: 'ltr',
      class: 'code',
      'aria-describedby': 'otp-hint',
      autofocus: '',
    })
    expect(withCode.map(({ name }) => name.replace(/-.*/, ''))).toEqual(
      expect.arrayContaining(['verify', 'setup', 'confirm']),
    )
    for (const { name, page } of withCode) expect(input(page, 'otp'), name).toHaveLength(1)
  })

  it('UX-F05 stands in a form that is kept out of the history of the browser', () => {
    for (const { name, page } of withCode) {
      const before = page.slice(0, page.indexOf('name="otp"'))
      const form = elements(before, 'form').at(-1)
      expect(form?.attributes['autocomplete'], name).toBe('off')
    }
  })

  it('UX-F10 takes the focus on the page of its own, and leaves it to the summary when a code was refused', () => {
    const focused = all.filter(({ page }) => 'autofocus' in (input(page, 'otp')[0]?.attributes ?? {}))
    expect(focused.map(({ name }) => name)).toEqual(['verify', 'verify-passkey'])
    const inputs = all.filter(({ page }) =>
      elements(page, 'input').some(({ attributes }) => 'autofocus' in attributes),
    )
    expect(inputs.map(({ name }) => name)).toEqual(['verify', 'verify-passkey'])
  })

  it('UX-F06, UX-F07 never stands near words that make a password manager take it for another one', () => {
    for (const { name, page } of withCode) {
      const at = page.indexOf('name="otp"')
      const form = page.slice(page.lastIndexOf('<form', at), page.indexOf('<button class="primary"', at))
      const near = form.replace(/value="[^"]*"/g, '')
      expect(near, name).not.toMatch(/recovery|backup/i)
      expect(input(page, 'recovery_code'), name).toHaveLength(0)
    }
  })
})

describe('the box for the 6-digit code, whatever it is refused for', () => {
  const refusals: readonly FactorRefusal[] = [
    ...(['empty', 'not-numbers', 'wrong-length', 'looks-like-recovery-code'] as const).map(
      (problem) => ({ kind: 'malformed', problem, digits: 5 }) as const,
    ),
    { kind: 'wrong', failures: 7 },
    { kind: 'unreadable' },
    { kind: 'wait', untilSeconds: nowSeconds + 900 },
    { kind: 'locked' },
  ]

  it.each(refusals)('UX-F06 ($kind $problem) has no word of another way beside it', (refusal) => {
    const { problem } = codeProblem(refusal, { nowSeconds, recovery: false })
    const page = render(pages.verifyPage(site, { ...verify, failures: 7, problems: [problem] }))
    const at = page.indexOf('name="otp"')
    const form = page.slice(page.lastIndexOf('<form', at), page.indexOf('<button class="primary"', at))
    expect(form).not.toMatch(/recovery|backup/i)
    expect(page).toContain('role="alert"')
  })
})

describe('the other fields', () => {
  it.each([
    ['login', 'username', 'username webauthn'],
    ['login', 'password', 'current-password'],
    ['invitation-first', 'username', 'username'],
    ['invitation', 'new_password', 'new-password'],
    ['password', 'current_password', 'current-password'],
    ['password', 'new_password', 'new-password'],
    ['recovery', 'recovery_code', 'off'],
    ['confirm', 'password', 'current-password'],
  ])('UX-F01 on %s, %s has the purpose %s', (page, name, purpose) => {
    const [field] = input(find(page), name)
    expect(field?.attributes).toMatchObject({
      autocomplete: purpose,
      autocapitalize: 'none',
      spellcheck: 'false',
    })
    expect(field?.attributes).not.toHaveProperty('inputmode')
  })

  it('UX-F08 keep their ids over releases', () => {
    const ids = ['login', 'verify', 'recovery', 'password', 'invitation-first'].map((name) => [
      name,
      ...elements(find(name), 'input').flatMap(({ attributes }) => attributes['id'] ?? []),
    ])
    expect(ids).toEqual([
      ['login', 'username', 'current-password'],
      ['verify', 'otp', 'remember'],
      ['recovery', 'recovery-code'],
      ['password', 'current-password', 'new-password'],
      ['invitation-first', 'username', 'new-password', 'email'],
    ])
  })

  it('UX-F11 give back the username and nothing secret', () => {
    const page = render(
      pages.loginPage(site, { username: 'alice', next: '/x', problems: [{ key: 'wrong-pair' }] }),
    )
    expect(input(page, 'username')[0]?.attributes['value']).toBe('alice')
    expect(input(page, 'next')[0]?.attributes['value']).toBe('/x')
    expect(input(page, 'password')[0]?.attributes).not.toHaveProperty('value')
  })
})

describe('a refused form', () => {
  const refused = all.filter(({ page }) => page.includes('role="alert"'))

  it.each(refused)('UX-A04 $name says the same at the top and at the field', ({ page }) => {
    const links = [...page.matchAll(/<li>\s*<a href="#([^"]+)">([^<]*(?:<bdi>[^<]*<\/bdi>[^<]*)?)<\/a>/g)]
    const summary = page.slice(page.indexOf('role="alert"'), page.indexOf('<h1'))
    const inSummary = links.filter((link) => summary.includes(link[0]))
    for (const [, id, text] of inSummary) {
      const field = elements(page).find(({ attributes }) => attributes['id'] === id)
      expect(field?.attributes).toMatchObject({
        'aria-describedby': expect.stringContaining(`${id}-error`) as string,
      })
      const error = new RegExp(`id="${id}-error">\\s*([\\s\\S]*?)</p>`).exec(page)?.[1]
      expect(error?.trim()).toBe(text?.trim())
    }
  })

  it('UX-W03 does not tell which of username and password was wrong', () => {
    const page = find('login-wrong')
    const marked = elements(page, 'input').filter(({ attributes }) => attributes['aria-invalid'] === 'true')
    expect(marked.map(({ attributes }) => attributes['name'])).toEqual(['username', 'password'])
    expect(marked.map(({ attributes }) => attributes['aria-describedby'])).toEqual([
      'username-error',
      'username-error',
    ])
  })

  it('UX-J09 names the moment when one may try again, and the way around', () => {
    const page = words(find('verify-locked'))
    expect(page).toContain('You can try again at 14:32 UTC (in 15 minutes')
    expect(page).toContain('A recovery code works straight away.')
    for (const name of ['verify-locked', 'verify-blocked', 'verify-unreadable'])
      expect(find(name), name).toMatch(
        /role="alert"[\s\S]*?<a href="\/mfa\/recovery">Use a recovery code<\/a>/,
      )
  })

  it('leads somebody with a recovery code in the wrong box to the right one', () => {
    expect(find('verify-mistaken')).toMatch(
      /role="alert"[\s\S]*<a href="\/mfa\/recovery">That looks like a recovery code/,
    )
  })
})

describe('the pages of the second step', () => {
  it('UX-Q04 show the key in groups of four, to people and to nobody who translates', () => {
    const page = find('setup')
    expect(page).toMatch(
      /<code id="setup-key" dir="ltr" translate="no"\s*>JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP<\/code/,
    )
    expect(elements(page, 'a').some(({ attributes }) => attributes['href'] === setup.uri)).toBe(true)
    expect(
      elements(page, 'button').find(({ attributes }) => 'data-copy' in attributes)?.attributes['data-copy'],
    ).toBe(setupKey)
  })

  it('UX-A17 have their secrets in no label, title or other attribute, but the link to the app and the copy button', () => {
    const places = elements(find('setup'))
      .concat(elements(find('recovery-codes')))
      .flatMap(({ name, attributes }) =>
        Object.entries(attributes)
          .filter(([, value]) => [setupKey, ...codes].some((secret) => value.includes(secret)))
          .map(([attribute]) => `${name} ${attribute}`),
      )
    expect(places).toEqual(['a href', 'button data-copy', 'button data-copy'])
    for (const page of ['setup', 'recovery-codes']) expect(title(find(page))).not.toContain(setupKey)
  })

  it('UX-R06 have keys and codes that nobody translates or takes for a telephone number', () => {
    const untouched = (page: string, id: string) =>
      elements(page).find(({ attributes }) => attributes['id'] === id)?.attributes
    expect(untouched(find('setup'), 'setup-key')).toMatchObject({ translate: 'no', dir: 'ltr' })
    expect(untouched(find('recovery-codes'), 'codes')).toMatchObject({ translate: 'no', dir: 'ltr' })
    for (const name of ['setup', 'recovery-codes']) expect(find(name)).toContain('telephone=no')
  })

  it('of a set-up ask for the code before a name that can stay empty', () => {
    const asked = elements(find('setup'), 'input').map(({ attributes }) => attributes['name'])
    expect(asked).toEqual(['otp', 'name'])
  })

  it('UX-R01 show ten recovery codes and let nobody go on without a tick', () => {
    const page = render(pages.recoveryCodesPage(signedIn, recoveryCodes))
    expect(page.match(/<li class="recovery-code">[0-9a-z-]{19}<\/li>/g)).toHaveLength(10)
    expect(input(page, 'saved')[0]?.attributes).toMatchObject({ type: 'checkbox', value: 'yes' })
    expect(input(page, 'saved')[0]?.attributes).not.toHaveProperty('checked')
  })

  it('offer to remember a device only where that is allowed, and never ticked', () => {
    expect(input(render(pages.verifyPage(site, { ...verify, offerRemember: false })), 'remember')).toEqual([])
    expect(input(find('verify'), 'remember')[0]?.attributes).not.toHaveProperty('checked')
  })

  it('UX-J11 offer no way to remove the last one where one is required', () => {
    expect(elements(find('remove-refused'), 'form').map(({ attributes }) => attributes['action'])).toEqual([
      '/logout',
    ])
    expect(words(find('remove-refused'))).toContain(
      'This is your only second step. Add another before you remove it',
    )
  })

  it('UX-J12 give the rows of the account page names of their own', () => {
    const links = accessibleNames(find('account'), 'a')
    expect(new Set(links).size).toBe(links.length)
    expect(links).toEqual(expect.arrayContaining(['Rename Pixel 9', 'Remove Pixel 9', 'Remove Old tablet']))
  })

  it('show five sessions of many at once, one’s own first, and the others behind one press', () => {
    const page = find('account-second')
    const atOnce = page.slice(page.indexOf('id="sessions"'), page.indexOf('<details class="more">'))
    expect(atOnce.match(/\/end"/g)).toHaveLength(4)
    expect(words(atOnce)).toMatch(/^.*Firefox on Linux This device/)
    expect(words(page)).toContain('19 more devices')
    expect(page.match(/\/account\/sessions\/m\d+\/end"/g)).toHaveLength(23)
    expect(find('account')).not.toContain('more device')
  })

  it('UX-R05 of home warn at three recovery codes and fewer, and offer new ones', () => {
    expect(words(find('home'))).toContain('7 recovery codes left.')
    expect(find('home')).not.toContain('recovery-codes/renew')
    expect(words(find('home-second'))).toContain('3 recovery codes left. Make new ones before you need them.')
    expect(accessibleNames(find('home-second'), 'a')).toContain('Make new recovery codes')
    expect(words(find('home-recovered'))).toContain('No recovery codes left.')
  })

  it('have one primary button at most, and after a recovery sign-in it sets up the new phone', () => {
    const primary = (name: string) =>
      elements(find(name), 'a').flatMap(({ attributes }) =>
        attributes['class']?.includes('primary') ? [attributes['href']] : [],
      )
    expect(primary('home')).toEqual([])
    expect(primary('home-bare')).toEqual(['/mfa/setup'])
    expect(primary('home-second')).toEqual(['https://photos.acme.test/'])
    expect(primary('home-recovered')).toEqual(['/mfa/setup'])
  })

  it('UX-R05 warn when few recovery codes are left, and do not let the last one pass', () => {
    expect(words(find('account-recovered'))).toContain('You have few recovery codes left')
    expect(find('renew-now')).not.toContain('class="cancel"')
  })
})

describe('the buttons that need a script', () => {
  it('are there, and hidden until the script has come', () => {
    const buttons = all
      .flatMap(({ page }) => elements(page, 'button'))
      .filter(({ attributes }) => attributes['type'] === 'button')
    expect(buttons.length).toBeGreaterThan(10)
    for (const button of buttons) expect(button.attributes).toHaveProperty('hidden')
  })
})
