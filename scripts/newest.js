'use strict'

// npm run test:newest: the suites of two packages beside the newest dht-rpc of the registry instead of
// the one that is installed, to see early where it goes.

const { spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const { setup } = require('./setup')
const { ROOT } = require('../lib/crossing/platform')

const TESTS = path.join(ROOT, '__test__')
const PINNED = require('dht-rpc-reference/package.json').version

setup()
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-newest-'))
try {
  process.exitCode = main() ? 0 : 1
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}

function main() {
  const reference = install()
  const { version } = require(path.join(reference, 'package.json'))
  console.log(`The newest dht-rpc is ${version}, the pinned one ${PINNED}.\n`)

  const env = { ...process.env, TEST_REFERENCE: reference }
  const suites = run(env, ['--test', '--test-timeout=180000', '--test-reporter=spec', ...files()])
  const members = run(env, [path.join('scripts', 'compatibility.js')])

  console.log(`\ndht-rpc ${version}`)
  console.log(`  suites:  ${suites ? 'passed' : 'FAILED'}`)
  console.log(`  members: ${members ? 'no drift' : 'DRIFTED'}`)
  return suites && members
}

// Returns where it lies.
function install() {
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  const command = 'npm install dht-rpc@latest --ignore-scripts --no-audit --no-fund'
  const { status } = spawnSync(command, { cwd: folder, shell: true, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm cannot install dht-rpc')
  return path.join(folder, 'node_modules', 'dht-rpc')
}

// The suites that play one test to both packages.
function files() {
  return fs
    .readdirSync(TESTS)
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join(TESTS, file))
    .filter((file) => /\b(packages|pairings|references)\b.*helpers\/packages/.test(source(file)))
    .sort()
}

function source(file) {
  return fs.readFileSync(file, 'utf8')
}

function run(env, args) {
  return spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' }).status === 0
}
