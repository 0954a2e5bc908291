'use strict'

// The steps of `npm test` and of `npm run check`. A step has a name and a command, or work that returns an exit code;
// it may be limited in time, need something of the machine, and have variables of its own.

const os = require('os')
const path = require('path')
const { ROOT } = require('../../lib/crossing/platform')
const { buildBinding } = require('./binding')
const { isFast, javascriptTests, rustTests } = require('./files')
const { installModules, setup } = require('../setup')

const REFERENCE = 'node_modules/dht-rpc-reference'
const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target')
const CACHE = 'node_modules/.cache/eslint/'
const LOOM = 'cargo test --locked --lib --no-default-features --features loom'
const BINDING = path.join(TARGET, 'debug', 'dht-rpc.node')
// What reporter.js writes.
const RECORDS = path.join(TARGET, 'javascript-tests.jsonl')

const CORES = os.availableParallelism()
const MINUTE = 60000 // ms

module.exports = { RECORDS, all, fast, nodeTest }

function all() {
  const long = 'ten_thousand_nodes_find_each_other'
  return [
    { name: 'Modules and native binding', work: () => setup() ?? 0 },
    ...format('prettier --check --log-level warn .'),
    ...lint('eslint --max-warnings 0 .'),
    // What is ignored elsewhere runs here.
    { name: 'Rust: tests', command: `cargo test --locked -- --include-ignored --skip ${long}` },
    { name: 'Rust: 10 000 nodes, built', command: 'cargo test --locked --test sim --no-run' },
    {
      name: 'Rust: 10 000 nodes',
      command: `cargo test --locked --test sim -- --ignored ${long}`,
      ms: 2 * MINUTE
    },
    {
      name: 'Rust: locks and wakes in every order',
      command: `${LOOM} models -- --include-ignored`
    },
    ...load(),
    { name: 'JavaScript: tests', command: nodeTest(javascriptTests(), '--test-timeout=180000') },
    { name: 'The article', command: 'node scripts/article.js .' },
    {
      name: 'The article, in a network of the reference',
      command: `node scripts/article.js . --network ${REFERENCE}`
    },
    {
      name: 'The article, the reference in our network',
      command: `node scripts/article.js ${REFERENCE} --network .`
    },
    { name: 'Bun and Bare, in short', command: 'node scripts/runtimes.js --short' }
  ]
}

// Under a minute on two cores, once everything was built, with a change in Rust or JavaScript.
function fast() {
  const targets = rustTests().filter(isFast).map(cargoTarget)
  const cargoTest = `cargo test --locked --lib ${targets.join(' ')}`
  const files = javascriptTests().filter(isFast)
  return [
    { name: 'Modules', work: () => installModules() ?? 0 },
    ...format('prettier --check --cache --log-level warn .'),
    ...lint(`eslint --max-warnings 0 --cache --cache-location ${CACHE} .`),
    { name: 'Rust: fast tests', command: cargoTest },
    { name: 'Native binding of the tests', work: () => buildBinding(cargoTest, BINDING) },
    {
      name: 'JavaScript: fast tests',
      command: nodeTest(files, `--test-concurrency=${CORES} --test-timeout=60000`),
      env: { DHT_RPC_NATIVE_BINDING: BINDING }
    }
  ]
}

function format(prettier) {
  return [
    { name: 'Rust: format', command: 'cargo fmt --check' },
    { name: 'JavaScript: format', command: prettier }
  ]
}

function lint(eslint) {
  return [
    { name: 'JavaScript: lint', command: eslint },
    { name: 'Types', command: 'tsc -p __test__/types' },
    { name: 'Rust: lint', command: 'cargo clippy --locked --all-targets -- -D warnings' }
  ]
}

// A crate of its own, and for Linux.
function load() {
  const crate = '--manifest-path bench/load/Cargo.toml'
  const build = `--locked ${crate} --target-dir "${TARGET}"`
  const needs = 'linux'
  return [
    { name: 'The load: format', command: `cargo fmt --check ${crate}`, needs },
    {
      name: 'The load: lint',
      command: `cargo clippy ${build} --all-targets -- -D warnings`,
      needs
    },
    { name: 'The load: tests', command: `cargo test ${build} -- --include-ignored`, needs }
  ]
}

function nodeTest(files, options, records = RECORDS) {
  const reporters = [
    ['spec', 'stdout'],
    ['./scripts/testing/reporter.js', `"${records}"`]
  ].map(([name, to]) => `--test-reporter=${name} --test-reporter-destination=${to}`)
  return `node --test ${reporters.join(' ')} ${options} ${files.join(' ')}`
}

function cargoTarget(file) {
  const { dir, name } = path.parse(file)
  return `--test ${name === 'main' ? path.basename(dir) : name}`
}
