/**
 * The arrows of ARCHITECTURE.md as lint rules: which folder of packages/nightlatch/src may import what.
 * `test/arrows.test.ts` commits each crime once and expects the named message.
 */
import { fileURLToPath } from 'node:url'
import { wallsRule } from './lib/walls.mjs'

const product = { ignores: ['**/*.test.ts'] }
const node = 'node:'
const otp = '@nightlatch/otp'

/** A door reads through `core.queries`, and what it wants changed a function of core/ changes. */
const stores = ['core/ports/stores', 'core/ports/lease']
const doors = ['http', 'cli', 'oidc', 'protect', 'adapters']

/** Everything that is neither of the folder itself nor `allowed` is refused; `typesOnly` may be imported as types. */
export const walls = [
  {
    folder: 'core',
    allowed: [otp],
    message: 'core/ decides, it does not do: it may import core/ and @nightlatch/otp only.',
  },
  {
    folder: 'shared',
    allowed: [node, 'qr'],
    message: 'shared/ writes files, times and pictures for every layer, and knows none of them.',
  },
  {
    folder: 'crypto',
    allowed: [
      node,
      '@node-rs/argon2',
      'bcryptjs',
      'cborg',
      'unixcrypt',
      'unix-crypt-td-js',
      'core/secret',
      'shared/files',
    ],
    typesOnly: ['core/'],
    message:
      'crypto/ may import node:, the libraries for argon2 and CBOR, core/secret, and types from core/.',
  },
  {
    folder: 'storage',
    // `Rollback` of core/ports/stores.ts is a value: what a transaction returns to be rolled back.
    allowed: [node, 'core/ports/stores', 'shared/files', 'pg', '@photostructure/sqlite'],
    typesOnly: ['core/'],
    message: 'storage/ implements the interfaces of core/: types from core/, the database drivers and node:.',
  },
  {
    folder: 'pages',
    allowed: ['shared/time', 'shared/qr-path'],
    typesOnly: ['core/'],
    message: 'pages/ turn a view into HTML: they may import pages/ and types from core/.',
  },
  {
    folder: 'http',
    allowed: [
      'core/',
      'pages/',
      'node:http',
      'node:http2',
      'node:net',
      'node:stream',
      'node:zlib',
      'node:crypto',
      'shared/',
      'valibot',
    ],
    typesOnly: ['config/', 'oidc/index'],
    denied: stores,
    message:
      'http/ asks core/ and shows pages/; compose/ hands it what it needs: no storage, no cli, no drivers.',
  },
  {
    folder: 'http/api',
    allowed: ['http/', 'core/', 'pages/', 'shared/', 'valibot'],
    denied: stores,
    message: 'http/api/ is a door like the pages: it asks core/ and answers JSON.',
  },
  {
    folder: 'oidc',
    allowed: ['core/', 'node:http', 'node:stream', 'node:crypto', 'node:async_hooks', 'oidc-provider'],
    denied: stores,
    message:
      'oidc/ puts the library for OpenID Connect behind our own requests, sessions and stores: it asks core/ like a door.',
  },
  {
    folder: 'protect',
    allowed: ['http/', 'core/access/', node, 'undici'],
    typesOnly: ['core/', 'pages/'],
    denied: stores,
    message:
      'protect/ stands in front of an application: http/, core/access/, node:, the proxy library, and types from core/ and pages/.',
  },
  {
    folder: 'adapters',
    allowed: [
      node,
      'compose/library',
      'core/access/',
      'http/bindings/node',
      'http/pages/way-back',
      'http/refuse',
    ],
    typesOnly: ['http/session-view'],
    denied: stores,
    message: 'adapters/ are a few lines around the library: no rule, no store, no page of their own.',
  },
  {
    folder: 'config',
    allowed: [node, 'core/secret', 'crypto/root-key'],
    message: 'config/ reads settings: node:, core/secret and the parser of root keys only.',
  },
  {
    folder: 'log',
    allowed: [node, 'pino'],
    message: 'log/ writes lines: it knows pino and node:, and nothing of what it tells about.',
  },
  {
    folder: 'mail',
    allowed: [node, 'nodemailer', 'shared/time'],
    typesOnly: ['core/', 'log/'],
    message: 'mail/ turns notices into mails: nodemailer, node:, and types from core/ and log/.',
  },
  {
    folder: 'cli',
    allowed: [
      node,
      'commander',
      'shared/',
      'zxing-wasm/reader',
      otp,
      '@nightlatch/otp/files',
      '@nightlatch/otp/migration',
      '@nightlatch/otp/node',
      '@nightlatch/otp/steam',
      '@node-rs/argon2',
      '@noble/ciphers/',
      'saxes',
      'yaml',
      'pngjs',
      'jpeg-js',
      'core/',
      'config/',
      'log/',
      'mail/',
      'compose/',
    ],
    typesOnly: ['http/services'],
    denied: stores,
    message:
      'cli/ is a door like http/: it works through compose/ and core/, never on storage/, crypto/ or pages/.',
  },
]

export const source = fileURLToPath(new URL('../packages/nightlatch/src', import.meta.url))

/** Reading of a property, in both of its forms. */
const reading = (name, message) =>
  [`MemberExpression[property.name='${name}']`, `ObjectPattern > Property[key.name='${name}']`].map(
    (selector) => ({ selector, message }),
  )

/** An event is noted, and an owner told, by these two: they fill in who, when and from where, and leave nobody out. */
const theTwo = ['audit/audit.ts', 'notify/notices.ts'].map((file) => `packages/nightlatch/src/core/${file}`)
const oneWay = [
  {
    selector:
      'MemberExpression[property.name="add"]:matches([object.name="audit"], [object.property.name="audit"])',
    message: 'An event is noted with note().',
  },
  {
    selector:
      'MemberExpression[property.name="send"]:matches([object.name="notices"], [object.property.name="notices"])',
    message: 'The owner of an account is told with tellOwner().',
  },
]

const factorCounts = reading(
  'factorCounts',
  'Which factors an account has is asked of core/factors/: hasSecondFactor, usableFactors, countOf.',
)

const unreachable = reading(
  'stores',
  'A door reads through core.queries; what it wants changed, a function of core/ changes.',
)

export const arrows = [
  {
    files: ['packages/otp/src/**/*.ts'],
    ...product,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.\\.?/)',
              message: 'The otp package depends on nothing: no package, no Node API.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['packages/nightlatch/src/**/*.ts'],
    ...product,
    plugins: { house: { rules: { walls: wallsRule({ source, walls }) } } },
    // What eslint keeps of the last run counts while the configuration is the same, and it does not look into a rule.
    settings: { walls },
    rules: { 'house/walls': 'error' },
  },
  {
    files: ['packages/nightlatch/src/core/**/*.ts'],
    ...product,
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'Date', message: 'Time is an argument in core/.' },
        { name: 'crypto', message: 'Randomness is an argument in core/.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an argument in core/.' },
      ],
    },
  },
  {
    files: ['packages/nightlatch/src/**/*.ts'],
    ignores: [
      '**/*.test.ts',
      'packages/nightlatch/src/core/factors/**',
      'packages/nightlatch/src/storage/stores/accounts.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', ...factorCounts] },
  },
  {
    files: ['packages/nightlatch/src/core/**/*.ts'],
    ignores: ['**/*.test.ts', 'packages/nightlatch/src/core/factors/**', ...theTwo],
    rules: { 'no-restricted-syntax': ['error', ...factorCounts, ...oneWay] },
  },
  {
    files: ['packages/nightlatch/src/core/factors/**/*.ts'],
    ...product,
    rules: { 'no-restricted-syntax': ['error', ...oneWay] },
  },
  {
    files: doors.map((folder) => `packages/nightlatch/src/${folder}/**/*.ts`),
    ...product,
    // Of one file the last entry counts: both are named.
    rules: { 'no-restricted-syntax': ['error', ...factorCounts, ...unreachable] },
  },
]
