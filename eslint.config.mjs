import js from '@eslint/js'
import globals from 'globals'

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
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'preserve-caught-error': 'off',
      'no-empty': ['error', { allowEmptyCatch: true }],
      'no-shadow-restricted-names': 'error',
      'no-unused-vars': ['error', { args: 'none', caughtErrors: 'none' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }]
    }
  }
]
