import { describe, expect, it } from 'vitest'
import { run, temporaryFolder, type RunOptions } from '../../support/cli.js'

/** A data folder and the commands on it. */
function installation() {
  const data = temporaryFolder()
  const nl = (args: readonly string[], options: RunOptions = {}) => run([...args, '--data', data], options)
  const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await nl([...args, '--json'])).out) as Record<string, unknown>
  const add = (name: string, ...flags: readonly string[]) =>
    nl(['user', 'add', name, '--password-stdin', ...flags], { stdin: 'correct horse battery\n' })
  return { nl, json, add }
}

describe('user edit', () => {
  it('changes everything at once, and says what is different', async () => {
    const { nl, json, add } = installation()
    await add('ada', '--email', 'ada@example.org', '--group', 'admins')
    const flags = ['--username', 'lovelace', '--no-email', '--name', 'Ada L.', '--admin']
    const groups = ['--add-group', 'staff,Crew', '--remove-group', 'ADMINS', '--expires', '2099-03-01']
    const { out, err, status } = await nl(['user', 'edit', 'ada', ...flags, ...groups])
    expect([status, out]).toEqual([0, ''])
    expect(err).toMatch(
      /^Changed the user name, the address, the name, the rights, the groups and the end of/m,
    )
    expect((await json('user', 'show', 'lovelace'))['account']).toMatchObject({
      username: 'lovelace',
      name: 'Ada L.',
      email: '',
      admin: true,
      groups: ['Crew', 'staff'],
      expiresAt: '2099-03-01T00:00:00Z',
    })
    expect((await nl(['user', 'edit', 'lovelace', '--no-expiry'])).status).toBe(0)
    expect((await json('user', 'show', 'lovelace'))['account']).toMatchObject({ expiresAt: null })
    expect((await nl(['user', 'edit', 'lovelace', '--no-expiry'])).err).toBe(
      'Nothing of lovelace is different.\n',
    )
  })

  it.each([
    ['nothing to change', []],
    ['an end that is none', ['--expires', '2027-02-30']],
    ['an end in words', ['--expires', 'tomorrow']],
    ['an end after the year 9999', ['--expires', '10000-01-01']],
    ['an end and none', ['--expires', '90d', '--no-expiry']],
  ])('is not understood with %s', async (_what, flags) => {
    const { nl, add } = installation()
    await add('ada')
    const { status, out } = await nl(['user', 'edit', 'ada', ...flags])
    expect([status, out]).toEqual([2, ''])
  })

  it.each([
    ['a name that is taken', ['--username', 'bob'], 'name-taken'],
    ['an address that is a name of somebody’s', ['--email', 'bob@example.org'], 'name-taken'],
    ['a group that cannot be', ['--add-group', 'a\u202eb'], 'refused'],
    ['the last administrator, demoted', ['--no-admin'], 'last-administrator'],
    ['the last administrator, with an end', ['--expires', '90d'], 'last-administrator'],
  ])('refuses %s and changes nothing', async (_what, flags, code) => {
    const { nl, json, add } = installation()
    await add('ada', '--admin')
    await add('bob', '--email', 'bob@example.org')
    const before = await json('user', 'show', 'ada')
    const refused = await nl(['user', 'edit', 'ada', '--name', 'Ada', ...flags, '--json'])
    expect(refused.status).toBe(1)
    expect(JSON.parse(refused.out || refused.err)).toMatchObject({ error: { code } })
    expect(await json('user', 'show', 'ada')).toEqual(before)
  })

  it('takes the last administrator away where that is said', async () => {
    const { nl, json, add } = installation()
    await add('ada', '--admin')
    expect((await nl(['user', 'disable', 'ada'])).status).toBe(1)
    expect((await nl(['user', 'remove', 'ada', '--yes'])).status).toBe(1)
    expect((await nl(['user', 'edit', 'ada', '--no-admin', '--even-the-last'])).status).toBe(0)
    expect((await json('user', 'show', 'ada'))['account']).toMatchObject({ admin: false })
    expect((await nl(['user', 'remove', 'ada', '--yes'])).status).toBe(0)
  })
})

describe('user list', () => {
  it('has who fits, page by page', async () => {
    const { nl, json, add } = installation()
    await add('ada', '--name', 'Ada Lovelace', '--group', 'crew')
    await add('bob', '--name', 'Robert Love', '--admin')
    await nl(['user', 'add', 'cyd', '--group', 'Crew'])
    const names = async (...flags: readonly string[]) => {
      const { accounts, next } = await json('user', 'list', ...flags)
      return [(accounts as { username: string }[]).map(({ username }) => username), next]
    }
    expect(await names()).toEqual([['ada', 'bob', 'cyd'], null])
    expect(await names('--limit', '2')).toEqual([['ada', 'bob'], 'bob'])
    expect(await names('--limit', '2', '--after', 'bob')).toEqual([['cyd'], null])
    expect(await names('--group', 'CREW')).toEqual([['ada', 'cyd'], null])
    expect(await names('--state', 'invited')).toEqual([['cyd'], null])
    expect(await names('--state', 'admin')).toEqual([['bob'], null])
    expect(await names('--search', 'LOVE')).toEqual([['bob', 'ada'], null])
    expect((await nl(['user', 'list', '--state', 'asleep'])).status).toBe(2)
  })
})

describe('user invite, rescue and sessions', () => {
  it('print a link, a code, and where somebody is signed in', async () => {
    const { nl, json, add } = installation()
    await add('ada')
    const link = await nl(['user', 'invite', 'ada', '--origin', 'https://auth.example.org'])
    expect(link.out).toMatch(/^https:\/\/auth\.example\.org\/invitation\?token=[\w-]{43}\n$/)
    expect((await nl(['user', 'rescue', 'ada'])).err).toMatch(/ada has no second step/)
    expect(await json('user', 'sessions', 'ada')).toMatchObject({ sessions: [] })
    expect((await nl(['user', 'sessions', 'ada', '--end'])).err).toBe('Ended 0 sessions of ada.\n')
    await nl(['user', 'disable', 'ada'])
    const closed = await nl(['user', 'invite', 'ada', '--json'])
    expect([closed.status, JSON.parse(closed.out || closed.err)]).toMatchObject([
      1,
      { error: { code: 'account-closed' } },
    ])
  })
})

describe('group', () => {
  it('lists, shows, renames and removes', async () => {
    const { nl, json, add } = installation()
    await add('ada')
    expect((await nl(['group', 'list'])).err).toMatch(/^There is no group yet/)
    await nl(['user', 'edit', 'ada', '--add-group', 'crew', '--add-group', 'staff'])
    await add('bob', '--group', 'CREW')
    expect(await json('group', 'list')).toMatchObject({
      groups: [
        { name: 'crew', members: 2 },
        { name: 'staff', members: 1 },
      ],
    })
    expect((await nl(['group', 'show', 'Crew'])).out).toBe('ada\nbob\n')
    expect((await nl(['group', 'rename', 'crew', 'STAFF'])).status).toBe(1)
    expect((await nl(['group', 'rename', 'crew', 'sailors'])).status).toBe(0)
    expect((await nl(['group', 'remove', 'sailors'])).err).toBe('Removed sailors; 2 accounts were in it.\n')
    const gone = await nl(['group', 'show', 'sailors', '--json'])
    expect(JSON.parse(gone.out || gone.err)).toMatchObject({ error: { code: 'no-such-group' } })
    expect((await json('user', 'show', 'bob'))['account']).toMatchObject({ groups: [] })
  })
})

describe('invitation', () => {
  it('is added, listed and withdrawn, and its link is printed alone', async () => {
    const { nl, json } = installation()
    await json('user', 'add', 'ada')
    const { out, err, status } = await nl(['invitation', 'add', '--group', 'staff,Crew', '--uses', '5'])
    expect([status, /^http:\/\/localhost:3000\/register\?token=[\w-]{43}\n$/.test(out)]).toEqual([0, true])
    expect(err).toMatch(/^The link makes up to 5 accounts, until /)
    expect(err).toContain('NIGHTLATCH_REGISTRATION=invitation')
    const { invitations } = (await json('invitation', 'list')) as { invitations: { id: string }[] }
    expect(invitations).toMatchObject([
      { state: 'open', groups: ['staff', 'Crew'], uses: 5, used: 0, domain: '', email: '' },
    ])
    const [{ id }] = invitations as [{ id: string }]
    expect((await nl(['invitation', 'withdraw', id])).err).toContain('Withdrawn')
    const again = await nl(['invitation', 'withdraw', id, '--json'])
    expect([again.status, JSON.parse(again.err).error.code]).toEqual([1, 'no-such-invitation'])
    expect((await json('invitation', 'list'))['invitations']).toMatchObject([{ state: 'withdrawn' }])
    const table = await nl(['invitation', 'list'])
    expect(table.out).toContain(`${id}\twithdrawn\t0/5\t`)
    expect(table.out).not.toContain(new URL(out).search)
  })

  it('ends when it is told to, after seven days otherwise', async () => {
    const { nl, json } = installation()
    await json('user', 'add', 'ada')
    const end = async (...flags: readonly string[]): Promise<number> => {
      const { invitations } = (await json('invitation', 'add', ...flags)) as {
        invitations: { expiresAt: string }[]
      }
      return Math.round((Date.parse(invitations[0]!.expiresAt) - Date.now()) / 60_000)
    }
    expect([await end(), await end('--expires', '2d'), await end('--expires', '12h')]).toEqual([
      7 * 24 * 60,
      2 * 24 * 60,
      12 * 60,
    ])
    for (const wrong of ['2020-01-01', '500d', '0d']) {
      const refused = await nl(['invitation', 'add', '--expires', wrong])
      expect([wrong, refused.status, refused.out]).toEqual([wrong, 1, ''])
    }
    expect((await nl(['invitation', 'add', '--expires', 'soon'])).status).toBe(2)
    expect((await nl(['invitation', 'add', '--uses', '0'])).status).toBe(2)
    expect((await nl(['invitation', 'add', '--group', 'a\u202eb'])).status).toBe(1)
  })

  it('is sent, or asks for addresses of a domain, only where there is a mail server', async () => {
    const { nl, json } = installation()
    await json('user', 'add', 'ada')
    const wishes = [
      ['--mail', 'ada@example.org'],
      ['--domain', 'example.org'],
    ]
    for (const flags of wishes) {
      const refused = await nl(['invitation', 'add', ...flags])
      expect([refused.status, refused.out]).toEqual([1, ''])
      expect(refused.err).toContain('there is no mail server')
    }
    const env = { NIGHTLATCH_SMTP_URL: 'smtp://127.0.0.1:1', NIGHTLATCH_MAIL_FROM: 'auth@example.org' }
    const sent = await nl(['invitation', 'add', '--mail', 'ada@example.org,bob@example.org'], { env })
    expect(sent.out).toMatch(/^ada@example\.org\thttp\S+\nbob@example\.org\thttp\S+\n$/)
    expect((await nl(['invitation', 'add', '--mail', 'ada'], { env })).err).toContain('give addresses')
    expect((await nl(['invitation', 'add', '--domain', 'example.org'], { env })).status).toBe(0)
  })
})
