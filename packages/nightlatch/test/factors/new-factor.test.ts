import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as appModule from '../../src/compose/open.js'
import type * as administrationModule from '../../src/core/accounts/administration.js'
import type { Account } from '../../src/core/accounts/account.js'
import type * as settingsModule from '../../src/config/read.js'
import type { Notice } from '../../src/core/notify/notices.js'
import type * as serverModule from '../../src/compose/http-server.js'
import { Browser } from '../support/browser.js'
import type { Edit } from '../support/changed-copy.js'
import { ChangedCopy, filesOf } from '../support/changed-copy.js'
import { quickArgon2 } from '../support/phone.js'
import { files, naming, rest, tables } from './recipe.js'

const copy = new ChangedCopy('new-factor')

const isWithout =
  (names: readonly string[]) =>
  ({ file }: Edit): boolean =>
    !names.includes(file)

const slow = 180_000

describe('the recipe of a second factor', () => {
  beforeAll(() => {
    copy.begin()
  })

  it(
    'is enforced: with a name alone, every table that lists factors does not compile',
    () => {
      copy.apply([naming])
      expect(copy.compile()).toEqual(filesOf(tables))
    },
    slow,
  )

  it(
    'is enforced: a store, an event, a notice or an operation that somebody forgets does not compile',
    () => {
      const forgotten = [
        'storage/stores/stores-on.ts',
        'pages/words/account.ts',
        'mail/texts.ts',
        'http/api/endpoints.ts',
      ]
      copy.addFiles(files)
      copy.apply([...tables, ...rest.filter(isWithout(forgotten))])
      expect(copy.compile()).toEqual(expect.arrayContaining(forgotten))
      copy.apply(rest.filter((edit) => forgotten.includes(edit.file)))
      expect(copy.compile()).toEqual([])
    },
    slow,
  )
})

describe('somebody who has nothing but a factor of a new kind', () => {
  const data = mkdtempSync(join(tmpdir(), 'nightlatch-new-factor-'))
  const phrase = 'the purple cow sings at noon'
  const password = 'correct horse battery'
  const notices: Notice[] = []
  let origin = ''
  let stop: () => Promise<void> = () => Promise.resolve()
  let account: Account
  let nightlatch: appModule.OpenNightlatch
  let codes: string[] = []

  const cli = (...args: readonly string[]) => copy.cli({ NIGHTLATCH_DATA: data }, ...args)
  const browser = () => new Browser(origin)
  const givePassword = async () => {
    const ada = browser()
    const reply = await ada.post('/login', { username: 'ada', password })
    return { ada, reply }
  }
  const signedIn = async () => {
    const { ada } = await givePassword()
    await ada.submit('/mfa/card', { card: phrase })
    return ada
  }

  beforeAll(async () => {
    const { openNightlatch } = await copy.load<typeof appModule>('compose/open.js')
    const { readSettings } = await copy.load<typeof settingsModule>('config/read.js')
    const { serve } = await copy.load<typeof serverModule>('compose/http-server.js')
    const { addAccount } = await copy.load<typeof administrationModule>('core/accounts/administration.js')
    const read = readSettings({ env: { NIGHTLATCH_PORT: '0', NIGHTLATCH_DATA: data } })
    if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
    const send = (notice: Notice): void => void notices.push(notice)
    nightlatch = await openNightlatch(read.settings, { unsafeArgon2Setting: quickArgon2, notices: { send } })
    const added = await addAccount(nightlatch.core, { username: 'ada', admin: true }, { password })
    if (added.kind !== 'added') throw new Error(added.kind)
    account = added.account
    const server = await serve(nightlatch, { warn: () => undefined, error: () => undefined })
    origin = `http://127.0.0.1:${server.settings.port}`
    stop = async () => {
      await server.stop(1000)
      await nightlatch.close()
    }
    const { ada } = await givePassword()
    await ada.submit('/mfa/card/setup', { card: phrase })
    const saved = await ada.get('/mfa/recovery-codes')
    codes = [...new Set(saved.body.match(/[0-9a-z]{4}(?:-[0-9a-z]{4}){3}/g) ?? [])]
  }, slow)

  afterAll(async () => {
    await stop()
    rmSync(data, { recursive: true, force: true })
    copy.end()
  })

  it('has recovery codes, and was told', () => {
    expect(codes).toHaveLength(10)
    expect(notices.map(({ kind }) => kind)).toContain('card-added')
  })

  it('cannot be got around with the password alone: no set-up at either door', async () => {
    const { ada, reply } = await givePassword()
    expect(reply).toMatchObject({ status: 303, location: '/mfa/card' })
    for (const path of ['/mfa/setup', '/mfa/verify']) {
      expect(await ada.get(path)).toMatchObject({ status: 303, location: '/mfa/card' })
      expect(await ada.post(path, { otp: '123456' })).toMatchObject({ status: 303, location: '/mfa/card' })
    }
    expect(await ada.post('/mfa/card/setup', { card: 'mine' })).toMatchObject({ location: '/mfa/card' })
    for (const [method, path] of [
      ['POST', '/api/v1/authenticators/totp'],
      ['GET', '/api/v1/session'],
      ['GET', '/api/v1/authenticators'],
    ] as const) {
      const refused = await ada.json(method, path)
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'second-factor-required', next: 'verify' })
    }
    expect((await ada.get('/account')).location).toMatch(/^\/login/)
    expect((await nightlatch.storage.stores.authenticators.listOf(account.id)).length).toBe(0)
  })

  it('signs in with it at the pages, and a wrong one is refused', async () => {
    const { ada } = await givePassword()
    expect((await ada.refused('/mfa/card', { card: 'wrong' })).body).toContain('That is not on your card')
    expect((await ada.submit('/mfa/card', { card: phrase })).location).toBe('/')
    const home = await ada.get('/')
    expect(home.body).toContain('Card in the wallet')
    const shown = await ada.get('/account')
    expect(shown.body).toContain('Your account has 1 pass-phrase card and 10 recovery codes left.')
    expect(shown.body).toContain('password and pass-phrase card')
    expect(shown.body).toContain('Not on the card')
  })

  it('signs in with it in JSON; the session says so, and is worth two factors at a proxy', async () => {
    const ada = browser()
    const first = await ada.json('POST', '/api/v1/sign-in', { username: 'ada', password })
    expect(JSON.parse(first.body)).toEqual({ next: 'verify' })
    const wrong = await ada.json('POST', '/api/v1/sign-in/card', { card: 'wrong' })
    expect(JSON.parse(wrong.body)).toMatchObject({ status: 401, code: 'wrong-code' })
    expect((await ada.json('POST', '/api/v1/sign-in/card', { card: phrase })).status).toBe(200)
    const session = await ada.json('GET', '/api/v1/session')
    expect(JSON.parse(session.body)).toMatchObject({ factors: ['password', 'pass-phrase-card'] })
    expect((await ada.get('/forward-auth')).status).toBe(200)
    const [begun] = await nightlatch.storage.stores.sessions.listOf(account.id)
    expect(begun).toMatchObject({ strength: 'password+code' })
  })

  it('proves again with it, and not with the password alone', async () => {
    const ada = await signedIn()
    expect(await ada.get('/account/confirm')).toMatchObject({
      status: 303,
      location: '/account/confirm/card',
    })
    expect((await ada.refused('/account/confirm/card', { password, card: '' })).status).toBe(401)
    await ada.submit('/account/confirm/card', { password, card: phrase })
    const withPassword = await ada.json('POST', '/api/v1/session/verify', { password })
    expect(withPassword.status).toBe(401)
    const both = await ada.json('POST', '/api/v1/session/verify', { password, card: phrase, otp: '123456' })
    expect(JSON.parse(both.body)).toMatchObject({ code: 'invalid-body' })
    expect((await ada.json('POST', '/api/v1/session/verify', { password, card: phrase })).status).toBe(200)
  })

  it('gets in with a recovery code when it is lost', async () => {
    const { ada } = await givePassword()
    expect((await ada.get('/mfa/recovery')).body).toContain('Use your pass-phrase card')
    await ada.submit('/mfa/recovery', { recovery_code: codes[0] ?? '' })
    expect((await ada.get('/account')).body).toContain('9 recovery codes left')
  })

  it('is in the interface’s description', async () => {
    const { body } = await browser().get('/api/v1/openapi.json')
    const paths = (JSON.parse(body) as { paths: Record<string, unknown> }).paths
    expect(Object.keys(paths)).toContain('/api/v1/sign-in/card')
    expect(JSON.stringify(paths['/api/v1/session'])).toContain('pass-phrase-card')
    expect(JSON.stringify(paths['/api/v1/session/verify'])).toContain('"card"')
  })

  it('is told by the command line, and by the audit trail', () => {
    expect(cli('user', 'list').out).toMatch(/^ada\s+-\s+yes/m)
    expect(cli('user', 'show', 'ada').out).toContain('Card in the wallet')
    const shown = JSON.parse(cli('user', 'show', 'ada', '--json').out) as { account: Record<string, unknown> }
    expect(shown.account).toMatchObject({
      cards: 1,
      authenticators: 0,
      cardList: [{ name: 'Card in the wallet' }],
    })
    expect(cli('audit').out).toMatch(/card\.added[\s\S]*card\.refused/)
  })

  it('survives a move, a restore and the removal of an authenticator that came beside it', async () => {
    const { stores } = nightlatch.storage
    expect(await stores.accounts.countFactorUp(account.id, 'totp', 'first')).toBeNull()
    expect(await stores.accounts.countFactorUp(account.id, 'totp', { atMost: 10 })).toMatchObject({
      factorCounts: { totp: 1 },
    })
    expect(await stores.accounts.countFactorDown(account.id, 'totp', 1)).toBe(true)
    expect(await stores.accounts.countFactorDown(account.id, 'totp', 0)).toBe(false)
    const restored = JSON.parse(cli('after-restore', '--json').out) as { closed: Record<string, unknown> }
    expect(restored.closed).toMatchObject({ authenticators: 0, cards: null, recoveryCodes: null })
    const { tables: moved } = await copy.load<{ tables: readonly { name: string }[] }>(
      'storage/move/tables.js',
    )
    expect(moved.map(({ name }) => name)).toContain('pass_phrase_card')
    expect((await givePassword()).reply.location).toBe('/mfa/card')
  })

  it('goes with a reset, and the next sign-in sets up anew', async () => {
    const reset = cli('user', 'reset-mfa', 'ada')
    expect(reset.err).toContain('Removed 1 cards')
    expect(await nightlatch.storage.stores.recoveryCodes.countLeft(account.id)).toBe(0)
    expect((await givePassword()).reply.location).toBe('/mfa/setup')
  })
})
