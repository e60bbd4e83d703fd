/**
 * The arrows of ARCHITECTURE.md as lint rules: which folder of packages/nightlatch/src may import what.
 * `test/arrows.test.ts` commits each crime once and expects the named message.
 */
const src = 'packages/nightlatch/src'
const product = { ignores: ['**/*.test.ts'] }

/** The same walls for `scripts/check.mjs`, which also sees `import()`. */
export const walls = []

/** Everything that is not matched by `allowed` is refused; `typesOnly` may be imported as types. */
const wall = ({ folder, allowed, typesOnly = [], message }) => {
  walls.push({ folder, allowed, message })
  return {
    files: [`${src}/${folder}/**/*.ts`],
    ...product,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: `^(?!${[...allowed, ...typesOnly].join('|')})`, message },
            ...typesOnly.map((regex) => ({ regex: `^${regex}`, message, allowTypeImports: true })),
          ],
        },
      ],
    },
  }
}

const node = 'node:'
/** Beside or below; `./../` is no way around a wall. */
const own = '\\./(?!.*\\.\\./)'
const secret = '\\.\\./core/secret\\.js$'

/** What the command line may use of the rest of the package. */
const inside = ['\\.\\./(core|config|log|mail)/', '\\.\\./(app|server|protect-server)\\.js$']

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
  wall({
    folder: 'core',
    allowed: [own, '@nightlatch/otp$'],
    message: 'core/ decides, it does not do: it may import core/ and @nightlatch/otp only.',
  }),
  {
    files: [`${src}/core/**/*.ts`],
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
  wall({
    folder: 'crypto',
    allowed: [own, node, '@node-rs/argon2$', secret],
    typesOnly: ['\\.\\./core/(?!secret\\.js$)'],
    message: 'crypto/ may import node: and the argon2 library, core/secret, and types from core/.',
  }),
  wall({
    folder: 'storage',
    // `Undo` of core/stores.ts is a value: what a transaction returns to be undone.
    allowed: [
      own,
      '\\.\\./(db|errors)\\.js$',
      '\\.\\./core/stores\\.js$',
      node,
      'pg$',
      '@photostructure/sqlite$',
    ],
    typesOnly: ['\\.\\./core/(?!stores\\.js$)'],
    message: 'storage/ implements the interfaces of core/: types from core/, the database drivers and node:.',
  }),
  wall({
    folder: 'pages',
    allowed: [own],
    typesOnly: ['\\.\\./core/'],
    message: 'pages/ turn a view into HTML: they may import pages/ and types from core/.',
  }),
  wall({
    folder: 'http',
    allowed: [own, '\\.\\./core/', '\\.\\./pages/', 'node:(http|net|stream|zlib|crypto)', 'valibot$', 'qr$'],
    typesOnly: ['\\.\\./config/'],
    message:
      'http/ asks core/ and shows pages/; app.ts hands it what it needs: no storage, no cli, no drivers.',
  }),
  wall({
    folder: 'http/api',
    allowed: [own, '\\.\\./[a-z-]+\\.js$', '\\.\\./\\.\\./(core|pages)/', 'valibot$'],
    message: 'http/api/ is a door like the pages: it asks core/ and answers JSON.',
  }),
  wall({
    folder: 'protect',
    allowed: [own, '\\.\\./http/', node, 'httpxy$'],
    typesOnly: ['\\.\\./core/', '\\.\\./pages/'],
    message:
      'protect/ stands in front of an application: http/, node:, the proxy library, and types from core/ and pages/.',
  }),
  wall({
    folder: 'config',
    allowed: [own, node, secret, '\\.\\./crypto/root-key\\.js$'],
    message: 'config/ reads settings: node:, core/secret and the parser of root keys only.',
  }),
  wall({
    folder: 'log',
    allowed: [own, node, 'pino$'],
    message: 'log/ writes lines: it knows pino and node:, and nothing of what it tells about.',
  }),
  wall({
    folder: 'mail',
    allowed: [own, node, 'nodemailer$'],
    typesOnly: ['\\.\\./core/', '\\.\\./log/'],
    message: 'mail/ turns notices into mails: nodemailer, node:, and types from core/ and log/.',
  }),
  wall({
    folder: 'cli',
    allowed: [
      own,
      node,
      'commander$',
      'qr(/decode\\.js)?$',
      '@nightlatch/otp(/migration|/steam)?$',
      'pngjs$',
      'jpeg-js$',
      '\\.\\./http/access-rules-file\\.js$',
      ...inside,
    ],
    typesOnly: ['\\.\\./http/(doors|access-rules)\\.js$', '\\.\\./protect-server\\.js$'],
    message:
      'cli/ is a door like http/: it works through app.ts and core/, never on storage/, crypto/ or pages/.',
  }),
]
