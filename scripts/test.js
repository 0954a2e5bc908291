'use strict'

// npm test: on a fresh clone too, everything from the build to the article. Stops at the first step that fails.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { setup } = require('./setup')
const { ROOT } = require('../lib/crossing/platform')

const REFERENCE = 'node_modules/dht-rpc-reference'
const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target')
const LOAD = `--locked --manifest-path bench/load/Cargo.toml --target-dir "${TARGET}"`

const MINUTE = 60000 // ms

// The name, the command, and how long it may take.
const steps = [
  ['Rust: format', 'cargo fmt --check'],
  ['JavaScript: format', 'prettier --check --log-level warn .'],
  ['JavaScript: lint', 'eslint --max-warnings 0 .'],
  ['Types', 'tsc -p __test__/types'],
  ['Rust: lint', 'cargo clippy --locked --all-targets -- -D warnings'],
  ['Rust: tests', 'cargo test --locked'],
  ['Rust: 10 000 nodes, built', 'cargo test --locked --test sim --no-run'],
  ['Rust: 10 000 nodes', 'cargo test --locked --test sim -- --ignored', 2 * MINUTE],
  [
    'Rust: locks and wakes in every order',
    'cargo test --locked --lib --no-default-features --features loom models'
  ],
  ...(process.platform === 'linux' ? loadSteps() : []),
  [
    'JavaScript: tests',
    `node --test --test-reporter=spec --test-timeout=180000 ${testFiles().join(' ')}`
  ],
  ['The article', 'node scripts/article.js .'],
  [
    'The article, in a network of the reference',
    `node scripts/article.js . --network ${REFERENCE}`
  ],
  ['The article, the reference in our network', `node scripts/article.js ${REFERENCE} --network .`]
]

const results = []
step('Modules and native binding', () => {
  setup()
  return 0
})
for (const [name, command, ms] of steps) step(name, () => run(command, ms))
summary()

function step(name, work) {
  console.log(`\n=== ${name} ===`)
  const start = performance.now()
  const status = work()
  results.push({ name, status, seconds: (performance.now() - start) / 1000 })
  if (status === 0) return
  summary()
  process.exit(1)
}

function run(command, timeout) {
  console.log(`$ ${command}`)
  const bin = [path.dirname(process.execPath), path.join(ROOT, 'node_modules', '.bin')]
  const env = { ...process.env, PATH: [...bin, process.env.PATH].join(path.delimiter) }
  const options = { cwd: ROOT, env, shell: true, stdio: 'inherit', timeout }
  const { status, error } = spawnSync(command, options)
  if (error)
    console.error(error.code === 'ETIMEDOUT' ? `It took over ${timeout} ms` : error.message)
  return status ?? 1
}

function summary() {
  console.log('\n=== Summary ===')
  for (const { name, status, seconds } of results) {
    console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${seconds.toFixed(1).padStart(6)} s  ${name}`)
  }
  const left = steps.length + 1 - results.length
  if (left > 0) console.log(`${left} steps were not run.`)
}

// A crate of its own, and for Linux.
function loadSteps() {
  return [
    ['The load: format', 'cargo fmt --check --manifest-path bench/load/Cargo.toml'],
    ['The load: lint', `cargo clippy ${LOAD} --all-targets -- -D warnings`],
    ['The load: tests', `cargo test ${LOAD}`]
  ]
}

function testFiles() {
  return fs
    .readdirSync(path.join(ROOT, '__test__'), { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join('__test__', file))
    .sort()
}
