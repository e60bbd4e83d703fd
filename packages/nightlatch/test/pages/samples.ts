import encodeQR from 'qr'
import type { CreationOptions, RequestOptions } from '../../src/core/factors/passkeys/options.js'
import * as pages from '../../src/pages/index.js'
import type { Html, MessageKey, Site } from '../../src/pages/index.js'
import { messages as messageWords } from '../../src/pages/words/help.js'

/** Saturday, 21 November 2026, 14:17 UTC */
export const nowSeconds = Date.UTC(2026, 10, 21, 14, 17) / 1000
const day = 86_400

export const site: Site = {
  name: 'Acme Home',
  base: '',
  assets: { css: '/assets/nightlatch.css', js: '/assets/nightlatch.js', icon: '/assets/mark.svg' },
}

export const signedIn: Site = { ...site, signedInAs: 'alice' }

export const setupKey = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
export const setupUri = `otpauth://totp/Acme%20Home:alice%40auth.acme.test?secret=${setupKey}&issuer=Acme%20Home`
const wait = { untilSeconds: nowSeconds + 900, nowSeconds }

export const codes = [
  'k7qm-4xw4-9hd2-p3tn',
  '2mwd-8r5y-vq0c-7ebj',
  'z4hn-1gks-6xtp-d9fa',
  'q0vy-3cb7-mr8e-w2kh',
  '9tfx-p5dj-4n1s-gz6a',
  'b8me-w7hq-0ykr-5cv3',
  'd1zs-6gpx-t9jn-f4m2',
  'r5ka-v2wc-8bqe-h7y0',
  'x3nj-9tdm-g6fz-1sp4',
  'h6yb-q8ev-2rk5-c0wn',
]

export const verify: pages.VerifyView = {
  username: 'alice',
  issuers: ['Acme Home'],
  lengths: [6],
  offerRemember: true,
  rememberDays: 30,
  others: ['recovery-code'],
}

const reset: pages.ResetView = {
  username: 'alice',
  minCharacters: 8,
  kind: 'totp',
  others: ['recovery-code'],
  lengths: [6],
  issuers: ['Acme Home'],
}

export const setup: pages.SetupView = {
  issuer: 'Acme Home',
  account: 'alice@auth.acme.test',
  key: setupKey,
  uri: setupUri,
  qr: pages.qrSvg(encodeQR(setupUri, 'raw', { ecc: 'medium', border: 2 })),
  required: true,
}

export const recoveryCodes: pages.RecoveryCodesView = {
  codes,
  account: 'alice',
  instance: 'Acme Home',
  host: 'auth.acme.test',
  madeAtSeconds: nowSeconds,
  downloadHref: '/mfa/recovery-codes/download',
}

export const account: pages.AccountView = {
  name: 'Alice Example',
  username: 'alice',
  secondFactors: 2,
  counts: { totp: 2, passkey: 0, 'recovery-code': 7 },
  passkeys: { rows: [], most: 20, offered: true, signal: null },
  authenticators: [
    { id: 'a1', name: 'Pixel 9', addedAtSeconds: nowSeconds - 91 * day, lastUsedAtSeconds: nowSeconds - 600 },
    { id: 'a2', name: 'Old tablet', addedAtSeconds: nowSeconds - 3 * day },
  ],
  mostAuthenticators: 10,
  offersTokens: true,
  recoveryCodes: { left: 7, total: 10 },
  applications: [
    {
      id: 'grafana',
      name: 'Grafana',
      sinceSeconds: nowSeconds - 30 * day,
      lastUsedAtSeconds: nowSeconds - 3600,
    },
  ],
  trustedDevices: [
    {
      id: 't1',
      device: 'Firefox on Linux',
      addedAtSeconds: nowSeconds - 9 * day,
      untilSeconds: nowSeconds + 21 * day,
    },
    {
      id: 't2',
      device: 'Safari on iPhone',
      addedAtSeconds: nowSeconds - 2 * day,
      untilSeconds: nowSeconds + 28 * day,
    },
  ],
  hasPassword: true,
  sessions: [
    {
      id: 's1',
      device: 'Firefox on Linux',
      address: '192.0.2.7',
      signedInAtSeconds: nowSeconds - 600,
      lastActiveAtSeconds: nowSeconds,
      factors: ['password', 'totp'],
      current: true,
    },
    {
      id: 's2',
      device: 'Safari on iPhone',
      address: '2001:db8::17',
      signedInAtSeconds: nowSeconds - 4 * day,
      lastActiveAtSeconds: nowSeconds - 3 * day,
      factors: ['password', 'recovery-code'],
      current: false,
    },
    {
      id: 's3',
      device: 'Safari on iPhone',
      address: '2001:db8::17',
      signedInAtSeconds: nowSeconds - 4 * day,
      lastActiveAtSeconds: nowSeconds - 3 * day,
      current: false,
    },
  ],
  activity: [
    {
      event: 'sign-in.completed',
      factors: ['password', 'totp'],
      atSeconds: nowSeconds - 600,
      device: 'Firefox on Linux',
      address: '192.0.2.7',
    },
    { event: 'code.refused', atSeconds: nowSeconds - 640, device: 'Firefox on Linux', address: '192.0.2.7' },
    { event: 'authenticator.added', atSeconds: nowSeconds - 3 * day, about: 'Old tablet' },
    { event: 'password.changed', atSeconds: nowSeconds - 200 * day },
  ],
  olderHref: '/account?before=17#activity',
}

export const confirm: pages.ConfirmCodeView = {
  username: 'alice',
  issuers: ['Acme Home'],
  lengths: [6],
  withCode: true,
  others: ['recovery-code'],
  next: '/account/recovery-codes/renew',
  action: 'renew-recovery-codes',
  minutes: 10,
}

const signingIn = (): Record<string, Html> => ({
  login: pages.loginPage(site, {}),
  'login-restored': pages.loginPage(site, {
    notice: { key: 'signed-out', otherSessions: 2 },
    next: '/photos',
  }),
  'login-continue': pages.loginPage(site, {
    continueTo: 'photos.acme.test',
    next: 'https://photos.acme.test/',
  }),
  'login-empty': pages.loginPage(site, { problems: [{ key: 'username-empty' }, { key: 'password-empty' }] }),
  'login-wrong': pages.loginPage(site, { username: 'alice', problems: [{ key: 'wrong-pair' }] }),
  'login-locked': pages.loginPage(site, { username: 'alice', problems: [{ key: 'too-many', wait }] }),
  verify: pages.verifyPage(site, verify),
  'verify-empty': pages.verifyPage(site, { ...verify, problems: [{ key: 'code-empty' }] }),
  'verify-wrong': pages.verifyPage(site, { ...verify, failures: 3, problems: [{ key: 'code-wrong' }] }),
  'verify-mistaken': pages.verifyPage(site, { ...verify, problems: [{ key: 'code-looks-like-recovery' }] }),
  'verify-locked': pages.verifyPage(site, { ...verify, problems: [{ key: 'code-locked', wait }] }),
  'verify-locked-short': pages.verifyPage(site, {
    ...verify,
    failures: 5,
    problems: [{ key: 'code-locked', wait: { untilSeconds: nowSeconds + 90, nowSeconds } }],
  }),
  'verify-blocked': pages.verifyPage(site, { ...verify, problems: [{ key: 'code-blocked' }] }),
  'verify-unreadable': pages.verifyPage(site, { ...verify, problems: [{ key: 'code-unreadable' }] }),
  recovery: pages.recoveryPage(site, { username: 'alice', others: ['totp'] }),
  'recovery-wrong': pages.recoveryPage(site, {
    username: 'alice',
    others: ['totp'],
    problems: [{ key: 'recovery-wrong' }],
  }),
  logout: pages.logoutPage(signedIn),
  invitation: pages.invitationPage(site, { username: 'bob', minCharacters: 8 }),
  register: pages.registerPage(site, {
    typed: { username: '', name: '', email: '' },
    needsApproval: false,
    minCharacters: 8,
    next: '/account',
  }),
  'register-confirmed': pages.registerPage(site, {
    typed: { username: 'bob', name: 'Robert Example', email: '' },
    email: 'bob@example.org',
    needsApproval: true,
    minCharacters: 15,
    problems: [{ key: 'username-taken', field: 'username' }, { key: 'password-new-empty' }],
  }),
  'register-address': pages.registerAddressPage(site, {
    typed: 'bob@example.net',
    domains: ['example.org', 'example.com'],
    problems: [
      {
        key: 'other',
        field: 'email',
        text: pages.registrationWords.otherDomain(['example.org', 'example.com']),
      },
    ],
  }),
  'register-address-any': pages.registerAddressPage(site, { typed: '', domains: [], next: '/account' }),
  'register-sent': pages.registerSentPage(site, '/account'),
  'register-waiting': pages.waitingPage(site),
  'login-register': pages.loginPage(site, { offersRegistration: true, next: '/account' }),
  undo: pages.undoPage(site, {
    ...{ username: 'alice', atSeconds: nowSeconds },
    difference: {
      removed: ['Eve’s phone'],
      restored: ['Phone'],
      password: true,
      recoveryCodes: true,
      email: 'alice@acme.test',
      keepsFirstFactor: false,
    },
  }),
  'undo-none': pages.undoPage(site, { username: 'alice', atSeconds: nowSeconds, difference: null }),
  'undo-done': pages.undonePage(site),
  'password-due': pages.duePasswordPage(site, { username: 'alice', minCharacters: 8 }),
  'password-forgotten': pages.forgottenPage(site, {}),
  'password-forgotten-empty': pages.forgottenPage(site, {
    problems: [{ key: 'username-empty', field: 'identifier' }],
  }),
  'password-forgotten-sent': pages.forgottenSentPage(site),
  'password-reset': pages.resetPage(site, reset),
  'password-reset-wrong': pages.resetPage(site, {
    ...reset,
    problems: [{ key: 'code-wrong', field: 'otp' }],
  }),
  'password-reset-second': pages.resetPage(site, { ...reset, kind: 'recovery-code', others: ['totp'] }),
  'password-reset-none': pages.resetPage(site, { ...reset, kind: null, others: [] }),
  email: pages.emailPage(signedIn, { current: 'alice@acme.test' }),
  'email-wrong': pages.emailPage(signedIn, {
    ...{ current: '', typed: 'alice' },
    problems: [{ key: 'email-bad', field: 'email' }],
  }),
  'email-confirm': pages.confirmEmailPage(site, { email: 'alice@acme.test', username: 'alice' }),
  'invitation-first': pages.invitationPage(site, { minCharacters: 8 }),
  'invitation-short': pages.invitationPage(site, {
    typed: 'alice',
    minCharacters: 8,
    problems: [{ key: 'password-short', min: 8 }],
  }),
})

const settingUp = (): Record<string, Html> => ({
  setup: pages.setupPage(site, setup),
  'setup-zone': pages.setupPage(site, {
    ...setup,
    problems: [{ key: 'code-drift', seconds: 19_800, direction: 'slow' }],
  }),
  'setup-second': pages.setupPage(signedIn, {
    ...setup,
    required: false,
    another: true,
    cancelHref: '/account',
  }),
  'setup-wrong': pages.setupPage(site, {
    ...setup,
    name: 'Pixel 9',
    problems: [{ key: 'setup-code-wrong' }],
  }),
  'setup-drift': pages.setupPage(site, {
    ...setup,
    problems: [{ key: 'code-drift', seconds: 170, direction: 'fast' }],
  }),
  'setup-change': pages.setupPage(signedIn, {
    ...setup,
    required: false,
    replaces: 'Pixel 9',
    cancelHref: '/account',
  }),
  'recovery-codes': pages.recoveryCodesPage(signedIn, recoveryCodes),
  'recovery-codes-unsaved': pages.recoveryCodesPage(signedIn, {
    ...recoveryCodes,
    problems: [{ key: 'not-saved' }],
  }),
  'change-phone': pages.changePhonePage(signedIn, { authenticators: account.authenticators.slice(0, 1) }),
  'change-phone-which': pages.changePhonePage(signedIn, { authenticators: account.authenticators }),
  'change-phone-none': pages.changePhonePage(signedIn, {
    authenticators: account.authenticators,
    problems: [{ key: 'choice-empty' }],
  }),
})

const factors = account.authenticators

const passkeyRow = {
  addedAtSeconds: nowSeconds - 20 * day,
  lastUsedAtSeconds: nowSeconds - 3600,
  synced: false,
  verifiesUser: true,
  elsewhere: false,
}

const request: RequestOptions = {
  challenge: 'x'.repeat(43),
  timeout: 300_000,
  rpId: 'auth.acme.test',
  userVerification: 'required',
  hints: [],
}
const creation: CreationOptions = {
  rp: { id: 'auth.acme.test', name: 'Acme' },
  user: { id: 'u'.repeat(86), name: 'alice', displayName: 'Alice Example' },
  challenge: 'x'.repeat(43),
  pubKeyCredParams: [
    { type: 'public-key', alg: -7 },
    { type: 'public-key', alg: -257 },
  ],
  timeout: 300_000,
  excludeCredentials: [],
  authenticatorSelection: {
    residentKey: 'preferred',
    requireResidentKey: false,
    userVerification: 'preferred',
  },
  hints: [],
  attestation: 'none',
  extensions: { credProps: true },
}
const askedForPasskey = {
  username: 'alice',
  passkey: request,
  rememberDays: 30,
  others: ['recovery-code'] as const,
}
const newPasskey = { options: creation, required: true, offersApp: true }

const withPasskeys = (): Record<string, Html> => ({
  'login-passkey': pages.loginPage(site, { passkey: request }),
  'login-passkey-wrong': pages.loginPage(site, { passkey: request, problems: [{ key: 'passkey-wrong' }] }),
  'verify-passkey': pages.verifyPage(site, {
    ...verify,
    others: ['passkey', 'recovery-code'],
    passkey: request,
  }),
  'passkey-step': pages.passkeyStepPage(site, askedForPasskey),
  'passkey-step-elsewhere': pages.passkeyStepPage(site, { ...askedForPasskey, passkey: null }),
  'setup-passkey': pages.setupPage(site, { ...setup, passkey: creation }),
  'new-passkey': pages.newPasskeyPage(site, newPasskey),
  'new-passkey-wrong': pages.newPasskeyPage(signedIn, {
    ...newPasskey,
    required: false,
    offersApp: false,
    cancelHref: '/account',
    name: 'My laptop',
    problems: [{ key: 'passkey-set-up-wrong' }],
  }),
  'new-passkey-replaces': pages.newPasskeyPage(signedIn, {
    ...newPasskey,
    required: false,
    replaces: 'Pixel 9',
    replacesId: 'a1',
    cancelHref: '/account',
  }),
  'lost-factor': pages.lostFactorPage(signedIn, { among: account.authenticators }),
  'confirm-passkey': pages.confirmPasskeyPage(signedIn, {
    ...confirm,
    others: ['totp', 'recovery-code'],
    passkey: request,
  }),
  'confirm-passkey-password': pages.confirmPasskeyPage(signedIn, {
    ...confirm,
    others: ['recovery-code'],
    passkey: request,
    withPassword: true,
    problems: [{ key: 'passkey-and-password' }],
  }),
  'rename-passkey': pages.renamePage(signedIn, { id: 'p1', name: 'Blue key', kind: 'passkey' }),
  'remove-passkey': pages.removeAuthenticatorPage(signedIn, {
    id: 'p1',
    name: 'Blue key',
    kind: 'passkey',
    last: true,
    required: false,
  }),
  'remove-passkey-last': pages.removeAuthenticatorPage(signedIn, {
    id: 'p1',
    name: 'Blue key',
    kind: 'passkey',
    last: true,
    required: true,
  }),
})

const manySessions = Array.from({ length: 24 }, (_, index) => ({
  ...account.sessions[index === 0 ? 0 : 1]!,
  id: `m${index}`,
  lastActiveAtSeconds: nowSeconds - index * 7000,
}))

const looking = (): Record<string, Html> => ({
  home: pages.homePage(signedIn, {
    name: 'Alice Example',
    username: 'alice',
    factors,
    recoveryCodesLeft: 7,
    runsThis: true,
    standsAlone: true,
  }),
  'home-passkey': pages.homePage(signedIn, {
    name: 'Alice Example',
    username: 'alice',
    factors: factors.slice(0, 1),
    recoveryCodesLeft: 10,
    newPasskey: creation,
    runsThis: false,
    standsAlone: false,
  }),
  'home-applications-second': pages.homePage(signedIn, {
    name: 'Alice Example',
    username: 'alice',
    factors,
    recoveryCodesLeft: 7,
    applications: [
      { name: 'Photos', href: 'https://photos.acme.test/', host: 'photos.acme.test' },
      { name: 'wiki.acme.test', href: 'https://wiki.acme.test/', host: 'wiki.acme.test' },
      { name: 'A rather long name of an application that nobody would call so', href: '/long/' },
    ],
    endsAtSeconds: nowSeconds + 9 * day,
    mayAdminister: true,
    runsThis: true,
    standsAlone: false,
  }),
  'home-second': pages.homePage(signedIn, {
    name: 'Alice Example',
    username: 'alice',
    factors: factors.slice(0, 1),
    recoveryCodesLeft: 3,
    application: { href: 'https://photos.acme.test/', host: 'photos.acme.test' },
    runsThis: true,
    standsAlone: false,
  }),
  'home-recovered': pages.homePage(signedIn, {
    name: 'alice',
    username: 'alice',
    factors: factors.slice(0, 1),
    recoveryCodesLeft: 0,
    application: { href: '/' },
    runsThis: false,
    standsAlone: false,
    notice: { key: 'recovery-code-used', left: 0 },
  }),
  'home-bare': pages.homePage(signedIn, {
    name: 'alice',
    username: 'alice',
    factors: [],
    recoveryCodesLeft: 0,
    runsThis: false,
    standsAlone: false,
    notice: { key: 'sign-in-expired' },
  }),
  account: pages.accountPage(signedIn, account),
  'account-recovered': pages.accountPage(signedIn, {
    ...account,
    secondFactors: 1,
    counts: { totp: 1, passkey: 0, 'recovery-code': 2 },
    authenticators: account.authenticators.slice(0, 1),
    recoveryCodes: { left: 2, total: 10 },
    trustedDevices: [],
    notice: { key: 'recovery-code-used', left: 2 },
  }),
  'account-second': pages.accountPage(signedIn, {
    ...account,
    application: { href: 'https://photos.acme.test/', host: 'photos.acme.test' },
    sessions: manySessions,
  }),
  'account-passkeys': pages.accountPage(signedIn, {
    ...account,
    secondFactors: 3,
    counts: { totp: 0, passkey: 3, 'recovery-code': 7 },
    authenticators: [],
    passkeys: {
      rows: [
        { ...passkeyRow, id: 'p1', name: 'Safari on iPhone', synced: true },
        { ...passkeyRow, id: 'p2', name: 'Blue key', verifiesUser: false },
        { ...passkeyRow, id: 'p3', name: 'Chrome on Windows', elsewhere: true },
      ],
      most: 3,
      offered: true,
      signal: null,
    },
  }),
  'account-bare': pages.accountPage(signedIn, {
    ...account,
    notice: { key: 'authenticator-removed', name: 'Old phone' },
    secondFactors: 0,
    counts: { totp: 0, passkey: 0, 'recovery-code': 0 },
    authenticators: [],
    trustedDevices: [],
    activity: [],
    olderHref: undefined,
    sessions: account.sessions.slice(0, 1),
  }),
  help: pages.helpPage(site),
})

const somebody: pages.PersonRow = {
  id: 'p1',
  username: 'bob',
  name: 'Robert Example',
  email: 'bob@example.org',
  emailVerified: true,
  groups: ['admins', 'staff'],
  admin: true,
  state: 'active',
  hasSecondFactor: true,
  lastSignInAtSeconds: nowSeconds - 2 * day,
  endsAtSeconds: null,
}

const guest: pages.PersonRow = {
  ...somebody,
  id: 'p2',
  username: 'guest-of-the-house',
  name: '',
  email: '',
  emailVerified: false,
  groups: [],
  admin: false,
  state: 'invited',
  hasSecondFactor: false,
  lastSignInAtSeconds: 0,
  endsAtSeconds: nowSeconds + 9 * day,
}

const editing: pages.EditPersonView = {
  id: 'p1',
  username: 'bob',
  typed: {
    username: 'bob',
    name: 'Robert Example',
    email: 'bob@example.org',
    emailVerified: false,
    groups: 'admins, staff',
    admin: true,
    ends: '',
  },
  keptElsewhere: false,
}

const aboutPerson: pages.PersonView = {
  row: somebody,
  createdAtSeconds: nowSeconds - 90 * day,
  factors,
  recoveryCodesLeft: 7,
  sessions: 2,
  trustedDevices: 1,
  activity: account.activity,
  acts: ['invite', 'rescue', 'end-sessions', 'reset-mfa', 'disable', 'remove'],
  keptElsewhere: false,
}

const anyRequest = { hosts: null, paths: null, methods: null, groups: null }

const invitation: pages.InvitationRow = {
  id: 'i1',
  email: '',
  domain: '',
  groups: ['admins', 'staff'],
  used: 1,
  uses: 20,
  state: 'open',
  expiresAtSeconds: nowSeconds + 7 * day,
  by: 'alice',
}

const administering = (): Record<string, Html> => ({
  people: pages.peoplePage(signedIn, {
    people: [somebody, guest, { ...guest, id: 'p3', username: 'gone', state: 'disabled' }],
    search: 'bo',
    state: 'active',
    group: 'staff',
    groups: ['admins', 'staff'],
    keptElsewhere: false,
    moreHref: '/admin?after=bob',
    week: {
      ...{ wrongPasswords: 12, wrongCodes: 3, resetsAsked: 0, recoveryCodesUsed: 1 },
      ...{ newPeople: 1001, withoutSecondFactor: 4, most: 1000 },
    },
    unsound: 1,
    notice: { key: 'person-remove', name: 'eve' },
  }),
  person: pages.personPage(signedIn, aboutPerson),
  'person-ended': pages.personPage(signedIn, {
    ...aboutPerson,
    row: { ...guest, state: 'expired', endsAtSeconds: nowSeconds - day },
    factors: [],
    sessions: 0,
    trustedDevices: 0,
    activity: [],
    acts: ['end-sessions', 'enable', 'remove'],
    keptElsewhere: true,
    notice: { key: 'person-end-sessions', name: 'guest-of-the-house' },
  }),
  'person-edit': pages.editPersonPage(signedIn, editing),
  'person-add': pages.addPersonPage(signedIn, {
    typed: { ...editing.typed, ends: '2027-03-01' },
    delivery: { chosen: 'mail' },
  }),
  'person-invite': pages.actPage(signedIn, {
    ...{ id: 'p1', username: 'bob', act: 'invite' },
    delivery: { chosen: 'hand', to: 'bob@example.org' },
  }),
  'person-edit-wrong': pages.editPersonPage(signedIn, {
    ...editing,
    problems: [{ key: 'other', field: 'groups', text: pages.editProblems['bad-group'] }],
  }),
  'person-remove': pages.actPage(signedIn, {
    id: 'p1',
    username: 'bob',
    act: 'remove',
    problems: [{ key: 'other', field: 'confirm_name', text: pages.acts.nameWrong }],
  }),
  'person-rescue': pages.actPage(signedIn, { id: 'p1', username: 'bob', act: 'rescue' }),
  'person-link': pages.handedOverPage(signedIn, {
    id: 'p1',
    username: 'bob',
    kind: 'link',
    text: `https://auth.acme.test/invitation?${'k'.repeat(43)}`,
    untilSeconds: nowSeconds + 3 * day,
  }),
  'person-link-sent': pages.handedOverPage(signedIn, {
    ...{ id: 'p1', username: 'bob', kind: 'link', untilSeconds: nowSeconds + 3 * day },
    ...{ text: `https://auth.acme.test/invitation?${'k'.repeat(43)}`, mailedTo: 'bob@example.org' },
  }),
  'person-link-refused': pages.handedOverPage(signedIn, {
    ...{ id: 'p1', username: 'bob', kind: 'link', untilSeconds: nowSeconds + 3 * day },
    ...{ text: `https://auth.acme.test/invitation?${'k'.repeat(43)}`, mailedTo: null },
  }),
  groups: pages.groupsPage(signedIn, {
    groups: [
      { name: 'admins', members: 1 },
      { name: 'staff', members: 12 },
    ],
  }),
  'groups-none': pages.groupsPage(signedIn, { groups: [] }),
  'group-rename': pages.renameGroupPage(signedIn, {
    name: 'staff',
    members: 12,
    typed: 'admins',
    problems: [{ key: 'other', field: 'name', text: pages.groupWords.taken }],
  }),
  'group-remove': pages.removeGroupPage(signedIn, { name: 'staff', members: 12 }),
  invitations: pages.invitationsPage(signedIn, {
    invitations: [
      { ...invitation, id: 'i1' },
      {
        ...invitation,
        id: 'i2',
        email: 'bob@example.org',
        used: 1,
        uses: 1,
        state: 'used-up',
        by: undefined,
      },
      { ...invitation, id: 'i3', domain: 'example.org', groups: [], state: 'withdrawn' },
      { ...invitation, id: 'i4', groups: [] },
    ],
    isOn: false,
    moreHref: '/admin/invitations?after=i4',
    notice: { key: 'invitation-withdrawn' },
  }),
  'invitations-none': pages.invitationsPage(signedIn, { invitations: [], isOn: true, moreHref: undefined }),
  'invitation-add': pages.addInvitationPage(signedIn, {
    typed: { groups: 'staff', uses: '0', ends: '7d', domain: '', mail: '' },
    sendsMail: true,
    problems: [{ key: 'other', field: 'uses', text: pages.invitationProblems['bad-uses'] }],
  }),
  'invitation-add-without-mail': pages.addInvitationPage(signedIn, {
    typed: { groups: '', uses: '1', ends: '7d', domain: '', mail: '' },
    sendsMail: false,
  }),
  'invitation-made': pages.madeInvitationPage(signedIn, {
    links: [{ email: '', url: `https://auth.acme.test/register?${'k'.repeat(43)}`, isMailed: false }],
    untilSeconds: nowSeconds + 7 * day,
  }),
  'invitation-sent': pages.madeInvitationPage(signedIn, {
    links: ['ada', 'bob'].map((name) => ({
      email: `${name}@example.org`,
      url: `https://auth.acme.test/register?${'k'.repeat(43)}`,
      isMailed: name === 'ada',
    })),
    untilSeconds: nowSeconds + 7 * day,
  }),
  'invitation-withdraw': pages.withdrawInvitationPage(signedIn, invitation),
  'person-approve': pages.actPage(signedIn, { id: 'p1', username: 'bob', act: 'approve' }),
  rules: pages.rulesPage(signedIn, {
    rules: {
      otherwise: 'two-factors',
      rules: [
        {
          ...anyRequest,
          hosts: ['wiki.example.org', '*.docs.example.org'],
          access: 'one-factor',
          name: 'Wiki',
          launch: 'https://wiki.example.org/',
        },
        {
          ...anyRequest,
          paths: ['/admin/*'],
          methods: ['GET', 'POST'],
          groups: ['admins', 'staff'],
          access: 'two-factors',
        },
      ],
    },
    asked: { who: 'bob', proof: 'two-factors', method: 'GET', url: 'https://wiki.example.org/admin/' },
    answer: { outcome: 'forbidden', rules: [0, 1], byDefault: true, isClosed: true },
  }),
  'rules-none': pages.rulesPage(signedIn, {
    rules: { otherwise: 'one-factor', rules: [] },
    asked: { who: 'nobody', proof: 'password', method: 'GET', url: '/' },
    problems: [{ key: 'other', field: 'who', text: pages.rulesWords.nobody }],
  }),
  'rules-elsewhere': pages.rulesPage(signedIn, {
    rules: null,
    asked: { who: '', proof: 'passkey', method: 'GET', url: '' },
  }),
  'mail-trial': pages.mailTrialPage(signedIn, { to: 'ada@example.org', hasServer: true }),
  'mail-trial-sent': pages.mailTrialPage(signedIn, {
    ...{ to: 'ada@example.org', hasServer: true, outcome: { kind: 'sent' } },
  }),
  'mail-trial-wrong': pages.mailTrialPage(signedIn, {
    ...{ to: 'ada@example.org', hasServer: true },
    outcome: {
      kind: 'failed',
      stage: 'AUTH',
      reason: 'AUTH failed: it does not take this user and password',
    },
  }),
  'mail-trial-none': pages.mailTrialPage(signedIn, { to: '', hasServer: false }),
  'mail-trial-empty': pages.mailTrialPage(signedIn, { to: '', hasServer: true }),
  findings: pages.findingsPage(signedIn, {
    findings: [
      { check: 'database', state: 'ok', text: 'sqlite, reachable and migrated' },
      {
        check: 'mail',
        state: 'warn',
        text: 'there is no mail server, so nobody is told about changes',
        fix: 'set NIGHTLATCH_SMTP_URL',
      },
      { check: 'key', state: 'fail', text: 'it can be guessed', fix: 'put a random one before it' },
    ],
  }),
  trail: pages.trailPage(signedIn, {
    activity: [
      { event: 'account.groups-changed', who: 'bob', by: 'alice', atSeconds: nowSeconds - 60 },
      ...account.activity.map((row) => ({ ...row, who: 'alice' })),
    ],
    olderHref: '/admin/activity?before=17',
    asked: { who: '', event: '', since: '', address: '' },
    week: [
      { event: 'code.refused', times: 412, accounts: 4, addresses: 31 },
      { event: 'account.rescued', times: 1, accounts: 1, addresses: 0 },
    ],
    withoutSecondFactor: 12,
  }),
})

const tokens = (): Record<string, Html> => ({
  'token-new': pages.newTokenPage(site, { required: true, offersApp: true }),
  'token-wrong': pages.newTokenPage(signedIn, {
    ...{ required: false, offersApp: false, serial: 'GALT10203040', cancelHref: '/account' },
    problems: [{ key: 'token-wrong' }],
  }),
  'token-empty': pages.newTokenPage(signedIn, {
    ...{ required: false, offersApp: false, cancelHref: '/account' },
    problems: [{ key: 'serial-empty', field: 'serial' }],
  }),
  'person-give-token': pages.actPage(signedIn, { id: 'p1', username: 'bob', act: 'give-token' }),
  'person-take-token': pages.actPage(signedIn, {
    ...{ id: 'p1', username: 'bob', act: 'take-token', serial: 'GALT10203040' },
    problems: [{ key: 'other', field: 'serial', text: pages.acts.notTheirs }],
  }),
})

const consent: pages.ConsentView = {
  application: 'Grafana',
  request: 'r'.repeat(26),
  scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
  username: 'alice',
  name: 'Alice Example',
  email: 'alice@acme.test',
  groups: ['admins', 'staff'],
}

const mismatch = {
  asked: 'https://grafana.acme.test:3000/login/generic_oauth/',
  nearest: 'https://grafana.acme.test/login/generic_oauth',
  difference: 'port',
  same: 25,
  addHref: '/admin/applications/address?application=grafana',
} as const

const grafana: pages.ApplicationView = {
  id: 'grafana',
  name: 'Grafana',
  issuer: 'https://auth.acme.test',
  discovery: 'https://auth.acme.test/.well-known/openid-configuration',
  isPublic: false,
  allowsDevice: true,
  groups: ['admins', 'staff'],
  twoFactors: true,
  redirectUris: [mismatch.nearest, mismatch.asked],
  postLogoutUris: ['https://grafana.acme.test/'],
  backchannelLogoutUri: 'https://grafana.acme.test/signed-out',
  launchUrl: 'https://grafana.acme.test/',
  skipConsent: true,
  signingAlgorithm: 'RS256',
  secrets: [
    { sinceSeconds: nowSeconds - 600, untilSeconds: null },
    { sinceSeconds: nowSeconds - 90 * day, untilSeconds: nowSeconds + 7 * day },
  ],
  createdAtSeconds: nowSeconds - 90 * day,
  notice: { key: 'application-changed', name: 'Grafana' },
}

const typedApplication: pages.TypedApplication = {
  name: 'Grafana',
  id: 'grafana',
  isPublic: false,
  redirectUris: `${mismatch.nearest}\nhttps://*.acme.test/`,
  groups: 'admins, staff',
  twoFactors: true,
  skipConsent: false,
  allowsDevice: true,
  launchUrl: '',
  postLogoutUris: '',
  backchannelLogoutUri: '',
  signingAlgorithm: 'RS256',
}

const badAddress = pages.applicationProblemWords({
  what: 'uri',
  field: 'redirect',
  text: 'https://*.acme.test/',
  why: 'wildcard',
})

/** What administrators do with them. */
const aboutApplications = (): Record<string, Html> => ({
  'application-details': pages.applicationPage(signedIn, grafana),
  'application-details-second': pages.applicationPage(signedIn, {
    ...{ ...grafana, isPublic: true, secrets: [], groups: [], twoFactors: false, skipConsent: false },
    ...{
      allowsDevice: false,
      postLogoutUris: [],
      backchannelLogoutUri: '',
      launchUrl: '',
      notice: undefined,
    },
  }),
  'application-add': pages.addApplicationPage(signedIn, { typed: typedApplication, isFilledIn: true }),
  'application-add-refused': pages.addApplicationPage(signedIn, {
    typed: typedApplication,
    problems: [{ key: 'other', field: 'client_id', text: pages.applicationIdTaken }],
  }),
  'application-edit': pages.editApplicationPage(signedIn, {
    ...{ id: 'grafana', name: 'Grafana', typed: typedApplication },
    problems: [{ key: 'other', field: 'redirect_uris', text: badAddress }],
  }),
  'application-secret': pages.madeSecretPage(signedIn, {
    ...{
      id: 'grafana',
      name: 'Grafana',
      issuer: grafana.issuer,
      discovery: grafana.discovery,
      why: 'rotated',
    },
    secret: 'vZ0c5Yd0m1i9R3q2wUe7xO4tKsA8bLfJhGnQpMzXyTc',
  }),
  'application-added-public': pages.madeSecretPage(signedIn, {
    ...{
      id: 'grafana',
      name: 'Grafana',
      issuer: grafana.issuer,
      discovery: grafana.discovery,
      why: 'added',
      secret: null,
    },
  }),
  'application-rotate': pages.rotateSecretPage(signedIn, {
    ...{ id: 'grafana', name: 'Grafana', days: 7, isFilledIn: true },
  }),
  'application-remove': pages.removeApplicationPage(signedIn, {
    ...{ id: 'grafana', name: 'Grafana' },
    problems: [{ key: 'other', field: 'confirm_name', text: pages.removeApplicationWords.nameWrong }],
  }),
})

/** Between a person and an application that signs people in here. */
const withApplications = (): Record<string, Html> => ({
  consent: pages.consentPage(signedIn, consent),
  device: pages.deviceCodePage(signedIn, {}),
  'device-unknown': pages.deviceCodePage(signedIn, {
    problems: [{ key: 'other', field: 'user_code', text: pages.deviceWords.unknown }],
  }),
  'device-ask': pages.devicePage(signedIn, {
    id: 'a'.repeat(26),
    application: 'Living room',
    address: '192.0.2.7',
    userAgent: 'Jellyfin-TV/2.1',
    startedAtSeconds: nowSeconds - 40,
    scopes: ['openid', 'profile', 'offline_access'],
    username: 'ada',
  }),
  'device-allowed': pages.deviceAnsweredPage(signedIn, { application: 'Living room', isAllowed: true }),
  'device-denied': pages.deviceAnsweredPage(signedIn, { application: 'Living room', isAllowed: false }),
  'consent-which': pages.consentPage(signedIn, { ...consent, scopes: ['openid', 'email'], email: '' }),
  'hand-over': pages.handOverPage(site, {
    action: 'https://grafana.acme.test/callback',
    fields: [['code', 'k7qm4xw49hd2p3tn']],
  }),
  'not-for-you': pages.notForYouPage(signedIn, { application: 'Grafana', request: 'r'.repeat(26) }),
  'application-unknown': pages.applicationRefusalPage(site, {
    kind: 'unknown',
    calledItself: 'grafana-2',
    application: undefined,
    mismatch: undefined,
  }),
  'application-request': pages.applicationRefusalPage(site, {
    kind: 'request',
    detail: 'unsupported_response_type: unsupported response_type requested',
    application: 'Grafana',
    mismatch: undefined,
  }),
  'application-address': pages.applicationRefusalPage(signedIn, {
    kind: 'address',
    application: 'Grafana',
    mismatch,
  }),
  'application-address-none': pages.applicationRefusalPage(site, {
    kind: 'address',
    application: 'Grafana',
    mismatch: { asked: mismatch.asked, nearest: null, difference: null, same: 0, addHref: undefined },
    signingOut: true,
  }),
  'application-hint': pages.applicationRefusalPage(signedIn, {
    kind: 'hint',
    application: undefined,
    mismatch: undefined,
    signingOut: true,
  }),
  'application-sign-out': pages.signOutPage(signedIn, {
    application: 'Grafana',
    fields: [['state', 'abc']],
  }),
  withdraw: pages.withdrawPage(signedIn, { id: 'grafana', name: 'Grafana' }),
  'address-add': pages.addAddressPage(signedIn, {
    application: 'grafana',
    name: 'Grafana',
    address: mismatch.asked,
  }),
  applications: pages.applicationsPage(signedIn, {
    applications: [
      {
        id: 'grafana',
        name: 'Grafana',
        groups: ['admins'],
        twoFactors: true,
        redirectUris: ['https://grafana.acme.test/login/generic_oauth'],
      },
    ],
    notice: { key: 'application-address-added', name: 'Grafana' },
  }),
  'applications-none': pages.applicationsPage(signedIn, { applications: [] }),
  ...aboutApplications(),
})

const changing = (): Record<string, Html> => ({
  ...tokens(),
  rename: pages.renamePage(signedIn, { id: 'a1', name: 'Pixel 9' }),
  'rename-taken': pages.renamePage(signedIn, {
    id: 'a1',
    name: 'Pixel 9',
    typed: 'Old tablet',
    problems: [{ key: 'name-taken', name: 'Old tablet' }],
  }),
  resynchronise: pages.resynchronisePage(signedIn, { id: 'a1', name: 'Pixel 9', digits: 6, counts: false }),
  'resynchronise-wrong': pages.resynchronisePage(signedIn, {
    ...{ id: 'a1', name: 'GALT10203040', digits: 8, counts: true },
    problems: [{ key: 'pair-wrong' }],
  }),
  'resynchronise-length': pages.resynchronisePage(signedIn, {
    ...{ id: 'a1', name: 'Pixel 9', digits: 6, counts: false },
    problems: [{ key: 'code-length', field: 'next_otp', count: 5 }],
  }),
  remove: pages.removeAuthenticatorPage(signedIn, { id: 'a1', name: 'Pixel 9', last: false, required: true }),
  'remove-last': pages.removeAuthenticatorPage(signedIn, {
    id: 'a1',
    name: 'Pixel 9',
    last: true,
    required: false,
  }),
  'remove-refused': pages.removeAuthenticatorPage(signedIn, {
    id: 'a1',
    name: 'Pixel 9',
    last: true,
    required: true,
  }),
  renew: pages.renewCodesPage(signedIn, { left: 3 }),
  'renew-now': pages.renewCodesPage(signedIn, { left: 0, required: true }),
  'end-session': pages.endSessionPage(signedIn, { id: 's2', device: 'Safari on iPhone' }),
  'end-others': pages.endOtherSessionsPage(signedIn, { count: 2 }),
  'end-trusted': pages.endTrustedDevicePage(signedIn, { id: 't1', device: 'Firefox on Linux' }),
  password: pages.passwordPage(signedIn, { username: 'alice', minCharacters: 8 }),
  'password-wrong': pages.passwordPage(signedIn, {
    username: 'alice',
    minCharacters: 8,
    problems: [{ key: 'password-current-wrong' }, { key: 'password-common' }],
  }),
  confirm: pages.confirmPage(signedIn, confirm),
  'confirm-wrong': pages.confirmPage(signedIn, {
    ...confirm,
    problems: [{ key: 'password-empty' }, { key: 'code-length', count: 5 }],
  }),
  'confirm-refused': pages.confirmPage(signedIn, {
    ...confirm,
    problems: [{ key: 'password-wrong', field: 'password' }],
  }),
  'confirm-recovery-refused': pages.confirmRecoveryPage(signedIn, {
    ...confirm,
    problems: [{ key: 'recovery-wrong' }],
  }),
  'confirm-recovery': pages.confirmRecoveryPage(signedIn, confirm),
})

const again = { href: '/photos?album=7', label: 'Try again' }

/** What some of them say beyond their own words. */
const messageViews: Partial<Record<MessageKey, Omit<pages.MessageView, 'key'>>> = {
  broken: { reference: '7f3a-91c2' },
  'application-down': { next: again, reference: '7f3a-91c2' },
  'application-slow': { next: again, reference: '7f3a-91c2' },
  'sign-in-loop': {
    detail:
      'The proxy of photos.acme.test asks for you at /auth/forward-auth without the cookie nightlatch-forward. It must pass the header Cookie on.',
  },
}

const messages = (): Record<string, Html> =>
  Object.fromEntries(
    (Object.keys(messageWords) as MessageKey[]).map((key) => [
      `message-${key}`,
      pages.messagePage(key === 'no-access' ? signedIn : site, { key, ...messageViews[key] }),
    ]),
  )

/** Every page in its states, as a person meets them. */
export const samples = (): Record<string, Html> => ({
  ...signingIn(),
  ...settingUp(),
  ...withPasskeys(),
  ...looking(),
  ...administering(),
  ...withApplications(),
  ...changing(),
  ...messages(),
})

const longName = `Donaudampfschifffahrtselektrizitätenhauptbetriebswerk ${'W'.repeat(60)}`

/** Names as long as a person can make them, and names that run from right to left. */
export const strangeSamples = (): Record<string, Html> => ({
  'long-verify': pages.verifyPage(
    { ...site, name: longName },
    { ...verify, username: longName, issuers: [longName] },
  ),
  'long-account': pages.accountPage(
    { ...site, name: longName, signedInAs: longName },
    {
      ...account,
      authenticators: [
        { id: 'a1', name: longName, addedAtSeconds: nowSeconds },
        { id: 'a2', name: 'هاتف أحمد', addedAtSeconds: nowSeconds },
      ],
      sessions: [{ ...account.sessions[0]!, device: longName }],
    },
  ),
  'long-setup': pages.setupPage(
    { ...site, name: longName },
    { ...setup, issuer: longName, account: `${longName}@auth.acme.test` },
  ),
})
