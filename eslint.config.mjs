import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import { arrows } from './scripts/arrows.mjs'

/** Size limits of the house: a function that needs a comment to divide it is two functions. */
const small = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 3],
  complexity: ['error', 12],
}

const typeAware = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  '@typescript-eslint/only-throw-error': 'error',
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'coverage/**', 'reports/**', '.stryker-tmp/**'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      ...small,
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: typeAware,
  },
  {
    // Formulas of one piece; every array read counts as a branch because of its `?? 0`.
    files: ['packages/otp/src/base32.ts', 'packages/otp/src/sha*.ts'],
    rules: { complexity: 'off', 'max-params': ['error', 4] },
  },
  {
    // A walk through the pages has as many loops as there is to ask; nothing depends on what was answered.
    files: ['packages/nightlatch/test/http/transcript-*.test.ts'],
    rules: { complexity: 'off' },
  },
  {
    // SHA-1 is written out, round by round, for speed.
    files: ['packages/otp/src/sha1.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  ...arrows,
  {
    files: [
      '**/*.test.ts',
      '**/*.test-suite.ts',
      '**/test/**/*.ts',
      'test/**/*.ts',
      'examples/next/journey.ts',
    ],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'max-params': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-properties': [
        'error',
        { object: 'vi', property: 'mock', message: 'No mock of our own code.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExpressionStatement > AwaitExpression > CallExpression[callee.property.name="post"]',
          message: 'An answer that nobody looks at: submit() or refused(), or expect its status.',
        },
        {
          selector: 'ExpressionStatement > AwaitExpression > CallExpression[callee.name="api"]',
          message: 'An answer that nobody looks at: accepted(), or expect its status.',
        },
      ],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'vitest', importNames: ['test'], message: 'Ours are called it.' }] },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        performance: 'readonly',
        structuredClone: 'readonly',
      },
    },
    rules: { 'no-console': 'off' },
  },
  {
    files: ['packages/nightlatch/src/pages/assets/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: {
        document: 'readonly',
        history: 'readonly',
        location: 'readonly',
        navigator: 'readonly',
        window: 'readonly',
      },
    },
  },
)
