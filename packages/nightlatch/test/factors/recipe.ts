import type { Edit } from '../support/changed-copy.js'
import { before, behind, first, instead } from '../support/changed-copy.js'

/**
 * A factor that only tests know, added as CONTRIBUTING says ("Add a second factor"): a card with a pass phrase on it. Each
 * step is an edit of a file of `src/`, or a new one; together they are the recipe. The product knows nothing of it.
 */

/** The first line of the recipe: the kind has a name. */
export const naming: Edit = instead(
  'core/factors/factor.ts',
  "['totp', 'passkey', 'recovery-code'] as const",
  "['totp', 'passkey', 'pass-phrase-card', 'recovery-code'] as const",
)

/** The tables that name every kind: whichever is forgotten does not compile. */
export const tables: readonly Edit[] = [
  before(
    'core/factors/registry.ts',
    "  'recovery-code': recoveryCodes,\n",
    "  'pass-phrase-card': passPhraseCard,\n",
  ),
  first('core/factors/registry.ts', "import { passPhraseCard } from './pass-phrase-card/factor.js'\n"),
  before(
    'pages/words/factors.ts',
    "  'recovery-code': {",
    `  'pass-phrase-card': {
    name: 'pass-phrase card',
    count: (number) => plural(number, 'pass-phrase card'),
    isFallback: false,
    use: 'Use your pass-phrase card',
    stepPath: '/mfa/card',
    confirmPath: '/account/confirm/card',
  },
`,
  ),
  before(
    'pages/account/factors.ts',
    "  'recovery-code': (site",
    "  'pass-phrase-card': (_site, view) =>\n    html`<section id=\"cards\">${view.counts['pass-phrase-card']} cards</section>`,\n",
  ),
  instead('pages/account/factors.ts', 'import type { Html }', 'import { html, type Html }'),
  before(
    'http/pages/factors.ts',
    "  'recovery-code': {\n    field",
    `  'pass-phrase-card': {
    field: 'card',
    metric: 'pass-phrase-card',
    showStep: (context, view) => Promise.resolve(cardPage(siteOf(context), { ...view, action: '/mfa/card' })),
    showConfirm: (context, view) =>
      Promise.resolve(cardPage(siteOf(context, context.signedIn), { ...view, action: '/account/confirm/card', password: true })),
    problemOf: (refusal, nowSeconds) => ({
      status: codeProblem(refusal, { nowSeconds, recovery: false }).status,
      problem: { key: 'other', field: 'card', text: 'That is not on your card' },
    }),
  },
`,
  ),
  first('http/pages/factors.ts', "import { cardPage } from '../../pages/pass-phrase-card.js'\n"),
  before(
    'http/api/schemas.ts',
    "  'recovery-code': { recoveryCode",
    "  'pass-phrase-card': { card: v.optional(text) },\n",
  ),
  before(
    'core/applications/claims.ts',
    "  'recovery-code': ['otp'",
    "  'pass-phrase-card': ['pass-phrase-card'],\n",
  ),
  before(
    'http/api/factors.ts',
    "  'recovery-code': { member",
    "  'pass-phrase-card': { member: 'card', refuse: refuseCode },\n",
  ),
  before(
    'cli/commands/factor-words.ts',
    "  'recovery-code': { removed",
    `  'pass-phrase-card': {
    removed: (count) => \`\${count} cards\`,
    restored: ['pass-phrase cards', 'left as they are'],
    unnamed: 'a pass-phrase card',
  },
`,
  ),
]

/** The routes, the store, the events and the notices of it. */
export const rest: readonly Edit[] = [
  instead(
    'http/health/metrics.ts',
    "'code' | 'passkey' | 'recovery-code'",
    "'code' | 'passkey' | 'pass-phrase-card' | 'recovery-code'",
  ),
  behind(
    'core/ports/stores.ts',
    '  readonly leases: LeaseStore\n',
    '  readonly passPhraseCards: PassPhraseCardStore\n',
  ),
  first(
    'core/ports/stores.ts',
    "import type { PassPhraseCardStore } from '../factors/pass-phrase-card/store.js'\n",
  ),
  before(
    'storage/stores/stores-on.ts',
    '  recoveryCodes: recoveryCodeStore(db, more),',
    '  passPhraseCards: passPhraseCardStore(db),\n',
  ),
  first('storage/stores/stores-on.ts', "import { passPhraseCardStore } from './pass-phrase-cards.js'\n"),
  before(
    'storage/move/tables.ts',
    "  table('set_up', {",
    "  table('pass_phrase_card', { key: 'id', text: 'id account name hash', integers: 'created_at last_used_at' }),\n",
  ),
  instead(
    'storage/migrations/index.ts',
    'export const migrations: readonly Migration[] = [',
    'const released: readonly Migration[] = [',
  ),
  before(
    'storage/migrations/index.ts',
    'const words: ',
    `export const migrations: readonly Migration[] = [
  ...released,
  {
    id: released.length + 1,
    name: 'pass-phrase cards',
    statements: [
      \`CREATE TABLE pass_phrase_card (
        id {text} PRIMARY KEY,
        account {text} NOT NULL REFERENCES account ON DELETE CASCADE,
        name {text} NOT NULL,
        hash {text} NOT NULL,
        created_at {integer} NOT NULL,
        last_used_at {integer} NOT NULL
      ) {keyed}\`,
    ],
  },
]

`,
  ),
  behind(
    'core/audit/audit.ts',
    "  'authenticator.added',\n",
    "  'card.added',\n  'card.renamed',\n  'card.removed',\n  'card.refused',\n",
  ),
  before(
    'pages/words/account.ts',
    "  'authenticator.added':",
    "  'card.added': 'Card added',\n  'card.renamed': 'Card renamed',\n  'card.removed': 'Card removed',\n  'card.refused': 'Not on the card',\n",
  ),
  before(
    'core/notify/notices.ts',
    "  | 'authenticator-added'",
    "  | 'card-added'\n  | 'card-replaced'\n  | 'card-removed'\n",
  ),
  before(
    'mail/texts.ts',
    "  'authenticator-added': {",
    ['added', 'replaced', 'removed']
      .map(
        (fate) =>
          `  'card-${fate}': { subject: 'A card was ${fate}', what: () => 'A card was ${fate}.', ifNotYou: signInAndLook },\n`,
      )
      .join(''),
  ),
  instead('pages/layout/problems.ts', "  | 'otp'\n", "  | 'otp'\n  | 'card'\n"),
  behind(
    'http/pages/sign-in.ts',
    "export const postVerify = postStep('totp')\n",
    "export const getCard = getStep('pass-phrase-card')\nexport const postCard = postStep('pass-phrase-card')\n",
  ),
  behind(
    'http/pages/reauthenticate.ts',
    "export const postConfirm = prove('totp')\n",
    "export const getConfirmCard = show('pass-phrase-card')\nexport const postConfirmCard = prove('pass-phrase-card')\n",
  ),
  before(
    'http/routes.ts',
    "  get('/account', getAccount),",
    "  ...pair('/mfa/card', signIn.getCard, signIn.postCard),\n  ...pair('/mfa/card/setup', setUp.getSetUp, postCardSetUp),\n  ...pair('/account/confirm/card', stepUp.getConfirmCard, stepUp.postConfirmCard),\n",
  ),
  first('http/routes.ts', "import { postCardSetUp } from './pages/pass-phrase-card.js'\n"),
  behind(
    'http/api/operations.ts',
    "  recover: { method: 'POST', path: '/sign-in/recovery' },\n",
    "  /** With what is on the card. */\n  verifyCard: { method: 'POST', path: '/sign-in/card' },\n",
  ),
  before(
    'http/api/endpoints.ts',
    '  recover: {',
    `  verifyCard: {
    summary: 'Complete the sign-in with what is on the card',
    tag: 'Sign-in',
    caller: 'signing-in',
    body: schemas.card,
    status: 200,
    answer: schemas.done,
    problems: code,
  },
`,
  ),
  before('http/api/schemas.ts', 'export const recovery = ', 'export const card = v.object({ card: text })\n'),
  instead(
    'http/api/sign-in.ts',
    "'verifyPasskey'\n> = { signIn,",
    "'verifyPasskey' | 'verifyCard'\n> = {\n  verifyCard: ({ body, ...call }) => secondStep(call, { factor: 'pass-phrase-card', given: body.card }),\n  signIn,",
  ),
]

/** The files that a factor brings along. */
export const files: Readonly<Record<string, string>> = {
  'core/factors/pass-phrase-card/store.ts': `import type { AccountId } from '../../ids.js'
import type { FactorItem } from '../factor.js'

export interface Card extends FactorItem {
  readonly account: AccountId
  readonly hash: string
}

export interface PassPhraseCardStore {
  add(card: Card): Promise<void>
  listOf(account: AccountId): Promise<readonly Card[]>
  rename(id: string, account: AccountId, name: string): Promise<boolean>
  remove(id: string, account: AccountId): Promise<boolean>
  removeAllOf(account: AccountId): Promise<number>
}
`,
  'core/factors/pass-phrase-card/factor.ts': `import { note } from '../../audit/audit.js'
import type { AttemptKey } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import type { SecondFactor } from '../factor.js'

const cardKey = (account: AccountId): AttemptKey => \`card:\${account}\` as AttemptKey

export const passPhraseCard: SecondFactor = {
  kind: 'pass-phrase-card',
  role: 'second-factor',
  one: 'card',
  many: 'cards',
  strength: 'password+code',
  most: () => 2,
  events: { added: 'card.added', renamed: 'card.renamed', removed: 'card.removed' },
  notices: { added: 'card-added', replaced: 'card-replaced', removed: 'card-removed' },
  read: (core, { account, given, client }) =>
    Promise.resolve({
      kind: 'ready',
      accept: async (stores) => {
        const at = core.platform.nowSeconds()
        const reservation = await stores.attempts.reserve(cardKey(account), core.policy.attempts.code, at)
        if (reservation.kind !== 'reserved') return reservation
        const cards = await stores.passPhraseCards.listOf(account)
        if (cards.some(({ hash }) => hash === core.platform.sha256(given))) {
          await stores.attempts.clear(cardKey(account))
          return null
        }
        await note(core, stores, { event: 'card.refused', account, client })
        return { kind: 'wrong', failures: reservation.failures }
      },
    }),
  tell: () => Promise.resolve(),
  listOf: (stores, account) => stores.passPhraseCards.listOf(account),
  rename: (stores, { id, account, name }) => stores.passPhraseCards.rename(id, account, name),
  remove: (stores, { id, account }) => stores.passPhraseCards.remove(id, account),
  removeAllOf: (stores, account) => stores.passPhraseCards.removeAllOf(account),
  endSetUpsOf: null,
  countersOf: (account) => [cardKey(account)],
  removeExpired: () => Promise.resolve(0),
  secrets: null,
  afterRestore: () => Promise.resolve(null),
}
`,
  'storage/stores/pass-phrase-cards.ts': `import type { Card, PassPhraseCardStore } from '../../core/factors/pass-phrase-card/store.js'
import type { AccountId } from '../../core/ids.js'
import { defineStore } from './store.js'

interface Row {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly hash: string
  readonly created_at: number
  readonly last_used_at: number
}

const cardOf = (row: Row): Card => ({
  id: row.id,
  account: row.account as AccountId,
  name: row.name,
  hash: row.hash,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
})

export const passPhraseCardStore = defineStore<PassPhraseCardStore>({
  async add(card) {
    await this.db.run('INSERT INTO pass_phrase_card (id, account, name, hash, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6)', [
      card.id,
      card.account,
      card.name,
      card.hash,
      card.createdAt,
      card.lastUsedAt,
    ])
  },
  async listOf(account) {
    return (await this.db.all<Row>('SELECT * FROM pass_phrase_card WHERE account = $1', [account])).map(cardOf)
  },
  async rename(id, account, name) {
    const rename = 'UPDATE pass_phrase_card SET name = $3 WHERE id = $1 AND account = $2'
    return (await this.db.run(rename, [id, account, name])) > 0
  },
  async remove(id, account) {
    return (await this.db.run('DELETE FROM pass_phrase_card WHERE id = $1 AND account = $2', [id, account])) > 0
  },
  removeAllOf(account) {
    return this.db.run('DELETE FROM pass_phrase_card WHERE account = $1', [account])
  },
})
`,
  'pages/pass-phrase-card.ts': `import type { FactorKind } from '../core/factors/factor.js'
import { html, type Html } from './layout/html.js'
import { layout, type Site } from './layout/layout.js'
import { actions, passwordField, textField, type FormView } from './layout/parts.js'
import { factorWords } from './words/factors.js'

interface CardView extends FormView {
  readonly action: string
  readonly others: readonly FactorKind[]
  readonly password?: boolean
}

export const cardPage = (site: Site, view: CardView): Html =>
  layout(site, {
    title: 'What is on your card?',
    body: html\`<form method="post" action="\${site.base}\${view.action}">
      \${view.password === true && passwordField(view, { name: 'password', label: 'Password' })}
      \${textField(view, { name: 'card', label: 'Pass phrase', autocomplete: 'off' })}\${actions({ submit: 'Go on' })}
      <ul>
        \${view.others.map((kind) => html\`<li><a href="\${site.base}\${factorWords[kind].stepPath}">\${factorWords[kind].use}</a></li>\`)}
      </ul>
    </form>\`,
  })
`,
  'http/pages/pass-phrase-card.ts': `import { enrol, mayEnrol } from '../../core/factors/enrolment.js'
import { passPhraseCard } from '../../core/factors/pass-phrase-card/factor.js'
import { newId } from '../../core/ids.js'
import { seeOther } from '../response.js'
import { nextStepPath } from './factors.js'
import { form, signInIsOver } from '../guards.js'
import { setUpOwner } from './set-up.js'
import { sessionCookies } from './sign-in.js'
import type { Handler } from '../context.js'
import { browserOf, nowOf } from '../context.js'

export const postCardSetUp: Handler = form(async (context) => {
  const { core, site } = context.services
  const owner = await setUpOwner(context)
  if (owner === null) return signInIsOver(context)
  if (mayEnrol(core, owner, { factor: passPhraseCard, begun: null }) !== null)
    return seeOther(nextStepPath(context, owner.account))
  const at = nowOf(context)
  const card = {
    id: newId(core.platform.randomBytes),
    account: owner.account.id,
    name: 'Card in the wallet',
    hash: core.platform.sha256(context.form.get('card') ?? ''),
    createdAt: at,
    lastUsedAt: at,
  }
  const outcome = await enrol(core, {
    owner,
    at,
    browser: browserOf(context),
    factor: passPhraseCard,
    take: () => Promise.resolve(true),
    replace: null,
    keep: async (stores) => {
      await stores.passPhraseCards.add(card)
      return card
    },
  })
  if (outcome.kind !== 'confirmed') return signInIsOver(context)
  return seeOther(\`\${site.base}/mfa/recovery-codes\`, { cookies: sessionCookies(context, outcome.signedIn) })
})
`,
}
