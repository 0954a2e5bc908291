import js from '@eslint/js'
import globals from 'globals'

// Users' tests replace these while nodes live.
const REPLACEABLE = [
  'Date',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout'
]
const CLOCKS = '/^(node:)?(timers|perf_hooks)/'

const CLOCK = { message: 'lib/crossing/clock.js has the real ones.' }

// What every runtime has. The rest of Node's comes by require(), which package.json maps for Bare.
const EVERYWHERE = ['Buffer', 'require', 'module', '__dirname', '__filename', ...REPLACEABLE]
const elsewhere = Object.keys(globals.node)
  .filter((name) => !EVERYWHERE.includes(name))
  .map((name) => ({ name, message: 'Not every runtime has it: take it by require().' }))

export default [
  { ignores: ['target/', 'prebuilds/', 'node_modules/', 'fuzz/'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', ecmaVersion: 2023, globals: globals.node }
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module', ecmaVersion: 2023, globals: globals.node }
  },
  {
    files: ['scripts/runtimes/**/*.js'],
    languageOptions: { ecmaVersion: 'latest', globals: { Bare: 'readonly' } }
  },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'preserve-caught-error': 'off',
      'no-empty': ['error', { allowEmptyCatch: true }],
      'no-shadow-restricted-names': 'error',
      'no-unused-vars': ['error', { args: 'none', caughtErrors: 'none' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }]
    }
  },
  {
    files: ['lib/crossing/clock.js', 'lib/crossing/bare/*.js'],
    languageOptions: { globals: { Bare: 'readonly' } }
  },
  {
    files: ['index.js', 'lib/**/*.js'],
    ignores: ['lib/crossing/clock.js', 'lib/crossing/utilization.js', 'lib/crossing/bare/*.js'],
    rules: {
      'no-restricted-globals': ['error', ...REPLACEABLE.map(ofClock), ...elsewhere],
      'no-restricted-properties': [
        'error',
        ...['nextTick', 'hrtime', 'uptime'].map((property) => ({ object: 'process', property })),
        ...REPLACEABLE.map((property) => ({ object: 'globalThis', property }))
      ],
      'no-restricted-syntax': [
        'error',
        { selector: `CallExpression[callee.name="require"] > Literal[value=${CLOCKS}]`, ...CLOCK }
      ]
    }
  }
]

function ofClock(name) {
  return { name, ...CLOCK }
}
