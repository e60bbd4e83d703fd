/** Hardware tokens: from the maker's file into the drawer, into somebody's hand, and back. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Hotp, Totp } from '@nightlatch/otp'
import { beforeAll, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { closeAfterRestore } from '../../src/core/maintenance/after-restore.js'
import type { SerialKey } from '../../src/core/factors/totp/tokens/store.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import type { Enrolled } from '../support/app.js'
import { enrolledPerson, quickArgon2, recoveryCodesOf, whileTestsRun } from '../support/app.js'
import { accountOf, inDatabase, isSignedIn, proveAgain, withPassword } from '../support/attack.js'
import { run, temporaryFolder } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const pskc = fileURLToPath(new URL('../../../otp/test/files/pskc/', import.meta.url))
const secrets = {
  one: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  two: 'KRUGKIDROVUWG2ZAMJZG653OEBTG66DA',
  three: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  four: 'ONSWG4TFOQQGM33SEB2GQZJAMRZGC53F',
}
const csv = [
  'serial,secret,algorithm,response_length,time_interval,counter,manufacturer,algorithm_suite',
  `GALT-0001,${secrets.one},totp,6,30,,Maker,HMAC-SHA1`,
  `GALT-0002,${secrets.two},hotp,8,,7,Maker,HMAC-SHA1`,
  `GALT-0003,${secrets.three},totp,8,60,,Maker,HMAC-SHA256`,
  `GALT-0004,${secrets.four},totp,7,30,,Maker,HMAC-SHA512`,
].join('\n')
const totps = {
  one: new Totp({ secret: secrets.one }),
  three: new Totp({ secret: secrets.three, digits: 8, periodSeconds: 60, algorithm: 'SHA256' }),
  four: new Totp({ secret: secrets.four, digits: 7, algorithm: 'SHA512' }),
}
const counting = new Hotp({ secret: secrets.two, digits: 8 })

describe.each(databases)('hardware tokens on $name', (kind) => {
  const app = whileTestsRun(() => startAppOn(kind))
  let chief: Enrolled
  let ada: Enrolled

  const nl = (words: readonly string[], stdin?: string) => {
    const { database } = app.nightlatch.settings
    const url = database.kind === 'postgres' ? String(database.url.reveal()) : ''
    return run([...words, '--data', app.dataFolder], {
      env: url === '' ? {} : { NIGHTLATCH_DATABASE_URL: url },
      ...(stdin === undefined ? {} : { stdin }),
      deps: {
        open: (settings, parts = {}) =>
          openNightlatch(settings, {
            ...parts,
            platform: { ...nodePlatform, nowSeconds: () => app.clock.seconds },
            unsafeArgon2Setting: quickArgon2,
          }),
      },
    })
  }
  const token = (...words: string[]) => nl(['token', ...words])
  const at = (totp: Totp, steps = 0): string => totp.at(app.clock.seconds + steps * totp.periodSeconds)
  const holderOf = async (serial: string): Promise<string | null> => {
    const { tokens } = JSON.parse((await token('list', '--json')).out) as {
      tokens: { serial: string; username: string | null }[]
    }
    return tokens.find((one) => one.serial === serial)?.username ?? null
  }

  beforeAll(async () => {
    chief = await enrolledPerson(app, 'chief')
    const edit = { admin: true }
    await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
    ada = await enrolledPerson(app, 'ada')
  })

  it('are put into the drawer, all of a file or none, once each, sealed', async () => {
    const file = join(temporaryFolder(), 'tokens.csv')
    writeFileSync(file, csv)
    const dry = await token('import', file, '--dry-run')
    expect(dry.err).toContain('Nothing was changed. It would be: 4 put into the drawer')
    expect((await token('list')).err).toContain('There is none')
    const ran = await token('import', file)
    expect(ran).toMatchObject({ status: 0, out: dry.out })
    expect(ran.out).toContain('GALT-0003\tTOTP 8 digits SHA256 60 s\tMaker\tadd')
    for (const secret of Object.values(secrets)) expect(ran.out + ran.err).not.toContain(secret)
    const rows = JSON.stringify(await inDatabase(app, 'SELECT * FROM hardware_token'))
    expect(rows).toContain('v1.')
    for (const secret of Object.values(secrets)) expect(rows).not.toContain(secret)
    const again = join(temporaryFolder(), 'again.csv')
    writeFileSync(
      again,
      `${csv}\ngalt 0001,${secrets.one},totp,6,30,,,HMAC-SHA1\nNEW-1,${secrets.one},totp,6,30,,,HMAC-SHA1`,
    )
    const refused = await token('import', again)
    expect(refused).toMatchObject({ status: 1, out: '' })
    expect(refused.err).toMatch(/"GALT-0001" is in the drawer already.*"galt 0001" is in the drawer already/)
    expect((await token('import', again, '--on-conflict', 'skip')).err).toContain('stands there twice')
    expect((await token('list')).out.trim().split('\n')).toHaveLength(4)
  })

  it('of an encrypted PSKC file come with its passphrase, also by import; a file with nothing of the kind is refused', async () => {
    const file = join(pskc, 'password.pskcxml')
    expect((await nl(['token', 'import', file], 'wrong')).err).toContain('wrong passphrase')
    expect((await nl(['token', 'import', file, '--dry-run'], 'vault pass 2026')).out).toMatch(
      /^NL-0001\tTOTP 6 digits/m,
    )
    const nobodys = join(temporaryFolder(), 'nobodys.csv')
    writeFileSync(nobodys, `serial,secret\nDRAWER-1,${secrets.one}\n`)
    const ran = await nl(['import', 'oath-csv', nobodys])
    expect(ran.out).toMatch(/^DRAWER-1\tTOTP 6 digits SHA1 30 s\t-\tadd$/m)
    expect(ran.err).toContain('1 tokens in the drawer')
    expect((await nl(['import', 'oath-csv', nobodys])).err).toContain('is in the drawer already')
    expect(await token('remove', 'drawer 1')).toMatchObject({ status: 0 })
    expect(await token('remove', 'drawer 1')).toMatchObject({ status: 1 })
  })

  it('are given at once with the present code and the one before, and not with two that were shown before', async () => {
    const file = join(temporaryFolder(), 'new.csv')
    writeFileSync(file, `serial,secret\nNEW-1,${secrets.three}\n`)
    await enrolledPerson(app, 'newcomer')
    await token('import', file)
    const totp = new Totp({ secret: secrets.three })
    const assign = (first: number, second: number) =>
      token('assign', 'NEW-1', 'newcomer', at(totp, first), at(totp, second))
    expect(await assign(-2, -1)).toMatchObject({ status: 1 })
    expect(await assign(-1, 0)).toMatchObject({ status: 0, err: 'newcomer has NEW-1 from now on.\n' })
    await token('unassign', 'NEW-1')
    await token('remove', 'NEW-1')
  })

  it('are given by the administrator with two codes in a row; both are spent, and the owner is told', async () => {
    app.clock.advance(120)
    const [first, second] = [at(totps.one, -12), at(totps.one, -11)]
    expect((await token('assign', 'GALT-0001', 'ada', first, at(totps.one, -9))).err).toContain(
      'no such token',
    )
    app.clock.advance(720)
    const ran = await token('assign', 'galt0001', 'ada', at(totps.one, -12), at(totps.one, -11))
    expect(ran).toMatchObject({ status: 0, err: 'ada has GALT-0001 from now on.\n' })
    expect(second).not.toBe('')
    expect(await holderOf('GALT-0001')).toBe('ada')
    expect((await nl(['user', 'show', 'ada'])).out).toMatch(/^clock +that of "GALT-0001" is 6 minutes slow/m)
    const browser = await withPassword(app, ada)
    for (const spent of [-12, -11]) await browser.refused('/mfa/verify', { otp: at(totps.one, spent) })
    // What it shows next, by its own clock.
    expect(await browser.post('/mfa/verify', { otp: at(totps.one, -10) })).toMatchObject({ status: 303 })
    expect(await token('assign', 'GALT-0001', 'chief', at(totps.one, -9), at(totps.one, -8))).toMatchObject({
      status: 1,
    })
    expect(await holderOf('GALT-0001')).toBe('ada')
  })

  it('are followed as their clocks go wrong', async () => {
    for (const off of [-11, -12, -13]) {
      app.clock.advance(300)
      const browser = await withPassword(app, ada)
      expect(await browser.post('/mfa/verify', { otp: at(totps.one, off) })).toMatchObject({ status: 303 })
    }
  })

  it('are added by their owners on the account page', async () => {
    await proveAgain(app, ada)
    const { browser } = ada
    expect((await browser.get('/account')).body).toContain('href="/mfa/setup/token"')
    expect((await browser.get('/mfa/setup/token')).body).toMatch(
      /name="serial"[^]*name="otp"[^]*name="next_otp"/,
    )
    const [otp, next_otp] = [counting.at(40), counting.at(41)]
    for (const [fields, status, words] of [
      [{ serial: ' ', otp, next_otp }, 422, 'Enter the serial number'],
      [{ serial: 'GALT-0002', otp: '', next_otp }, 422, 'code from your app'],
      [{ serial: 'GALT-0002', otp, next_otp: '12' }, 422, 'You entered 2 numbers'],
      [{ serial: 'GALT-9999', otp, next_otp }, 401, 'no free code device'],
      [{ serial: 'GALT-0002', otp, next_otp: counting.at(43) }, 401, 'no free code device'],
      [
        { serial: 'GALT-0001', otp: at(totps.one, 1), next_otp: at(totps.one, 2) },
        401,
        'no free code device',
      ],
    ] as const) {
      const refused = await browser.refused('/mfa/setup/token', fields)
      expect([refused.status, refused.body.includes(words)], words).toEqual([status, true])
    }
    expect(await browser.submit('/mfa/setup/token', { serial: 'galt–0002', otp, next_otp })).toMatchObject({
      location: '/account',
    })
    expect((await browser.get('/account')).body).toContain('Code device added.')
    const signingIn = await withPassword(app, ada)
    await signingIn.refused('/mfa/verify', { otp: next_otp })
    expect(await signingIn.post('/mfa/verify', { otp: counting.at(42) })).toMatchObject({ status: 303 })
  })

  it('are the first second factor of who has no phone, with recovery codes', async () => {
    const grace = await app.person('grace')
    const browser = await withPassword(app, { username: 'grace', password: 'correct horse battery' })
    expect((await browser.get('/mfa/setup')).body).toContain('href="/mfa/setup/token"')
    const fields = { serial: 'GALT-0003', otp: at(totps.three), next_otp: at(totps.three, 1) }
    expect(await browser.post('/mfa/setup/token', fields)).toMatchObject({ location: '/mfa/recovery-codes' })
    expect(recoveryCodesOf((await browser.get('/mfa/recovery-codes')).body)).toHaveLength(10)
    expect(await isSignedIn(browser)).toBe(true)
    expect(await holderOf('GALT-0003')).toBe(grace.username)
  })

  it('are given and taken back on the pages of the administration', async () => {
    const place = `/admin/people/${(await accountOf(app, 'grace')).id}`
    await proveAgain(app, chief)
    expect((await chief.browser.get(place)).body).toContain(`href="${place}/give-token"`)
    const wrong = { serial: 'GALT-0004', otp: '1234567', next_otp: '7654321' }
    expect((await chief.browser.refused(`${place}/give-token`, wrong)).status).toBe(401)
    const right = { ...wrong, otp: at(totps.four), next_otp: at(totps.four, 1) }
    await chief.browser.submit(`${place}/give-token`, right)
    expect((await chief.browser.get(place)).body).toContain('has the code device now')
    const told = { kind: 'authenticator-added', details: { name: 'GALT-0004' } }
    expect(app.notices.at(-1)).toMatchObject(told)
    expect(await holderOf('GALT-0004')).toBe('grace')
    const other = await chief.browser.refused(`${place}/take-token`, { serial: 'GALT-0001' })
    expect(other.body).toContain('They have no code device of that number')
    await chief.browser.submit(`${place}/take-token`, { serial: 'GALT-0004' })
    expect(await holderOf('GALT-0004')).toBeNull()
    const last = await chief.browser.refused(`${place}/take-token`, { serial: 'GALT-0003' })
    expect(last).toMatchObject({ status: 409 })
    expect(await holderOf('GALT-0003')).toBe('grace')
  })

  it('TOKEN-1 come back with what was used of them, whichever way: nobody starts again with an old code', async () => {
    // Taken back by the administrator.
    const used = [at(totps.four), at(totps.four, 1)] as const
    expect((await token('assign', 'GALT-0004', 'ada', ...used)).status).toBe(1)
    app.clock.advance(120)
    expect((await token('assign', 'GALT-0004', 'ada', at(totps.four), at(totps.four, 1))).status).toBe(0)
    expect((await token('unassign', 'GALT-0004')).err).toContain('ada is signed out everywhere')
    // Removed by the owner; with the reset; with the account.
    expect((await nl(['user', 'reset-mfa', 'ada', '--yes'])).status).toBe(0)
    expect([await holderOf('GALT-0001'), await holderOf('GALT-0002')]).toEqual([null, null])
    const counted = await app.nightlatch.core.queries.hardwareTokens.find('GALT0002' as SerialKey)
    expect(counted).toMatchObject({ counter: 43, holder: null })
    expect((await token('assign', 'GALT-0002', 'chief', counting.at(41), counting.at(42))).status).toBe(1)
    expect((await nl(['user', 'remove', 'grace', '--yes'])).status).toBe(0)
    const freed = await app.nightlatch.core.queries.hardwareTokens.find('GALT0003' as SerialKey)
    expect(freed).toMatchObject({ holder: null })
    expect(freed!.lastStep).toBeGreaterThan(0)
    expect((await token('list', '--assigned')).out).toBe('')
  })

  it('TOKEN-2 are got by guessing neither number nor codes: one answer, and a wait after five', async () => {
    await app.person('mallory')
    const browser = await withPassword(app, { username: 'mallory', password: 'correct horse battery' })
    const answers = new Set<string>()
    for (let time = 0; time < 5; time += 1) {
      const serial = time % 2 === 0 ? 'GALT-0004' : 'GALT-7777'
      const reply = await browser.post('/mfa/setup/token', { serial, otp: '1111111', next_otp: '2222222' })
      expect(reply.status).toBe(401)
      answers.add(reply.body.replaceAll(serial, 'X'))
    }
    expect(answers.size).toBe(1)
    app.clock.advance(10)
    const right = { serial: 'GALT-0004', otp: at(totps.four, 4), next_otp: at(totps.four, 5) }
    expect((await browser.post('/mfa/setup/token', right)).status).toBe(429)
    expect(await holderOf('GALT-0004')).toBeNull()
  })

  it('TOKEN-3 are got by one of six who want the same at once', async () => {
    app.clock.advance(600)
    const people = await Promise.all(
      Array.from({ length: 6 }, async (_none, index) => {
        const username = `racer-${index}`
        await app.person(username)
        return withPassword(app, { username, password: 'correct horse battery' })
      }),
    )
    const fields = { serial: 'GALT-0001', otp: at(totps.one), next_otp: at(totps.one, 1) }
    const replies = await Promise.all(people.map((browser) => browser.post('/mfa/setup/token', fields)))
    expect(replies.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(await holderOf('GALT-0001')).toMatch(/^racer-/)
  })

  it('TOKEN-4 nobody who has a second step gets around it with one', async () => {
    const half = await withPassword(app, chief)
    const fields = { serial: 'GALT-0004', otp: at(totps.four), next_otp: at(totps.four, 1) }
    expect(await half.post('/mfa/setup/token', fields)).toMatchObject({ location: '/mfa/verify' })
    app.clock.advance(700)
    expect((await chief.browser.post('/mfa/setup/token', fields)).location).toMatch(/\/account\/confirm\?/)
    expect(await holderOf('GALT-0004')).toBeNull()
  })

  it('have their codes up to now spent after a restore, also in the drawer', async () => {
    await closeAfterRestore(app.nightlatch.core, { recoveryCodes: false })
    expect((await token('assign', 'GALT-0004', 'chief', at(totps.four), at(totps.four, 1))).status).toBe(1)
    app.clock.advance(60)
    expect((await token('assign', 'GALT-0004', 'chief', at(totps.four, 1), at(totps.four, 2))).status).toBe(0)
  })
})
