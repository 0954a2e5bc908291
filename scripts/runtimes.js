'use strict'

// npm run test:runtimes: the article on other runtimes than the one at hand. They come as npm packages.
//   --write: on the reference as well, and puts the table into docs/runtimes.md

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { setup } = require('./setup')
const { ROOT, platformName } = require('../lib/crossing/platform')
const { table } = require('./markdown')
const { writeMarked } = require('./marked')

const REFERENCE = path.join('node_modules', 'dht-rpc-reference')
const CACHE = path.join(ROOT, 'node_modules', '.cache', 'runtimes')
const runtimes = [node(22), node(24), node(26), bun('1.4'), deno('2.9')]

setup()
install()
const all = [
  { name: 'Node (this one)', program: process.execPath },
  ...runtimes.map((runtime) => ({ ...runtime, program: program(runtime) }))
]
const rows = all.map((runtime) => play(runtime, '.'))
console.log(`\nThe article on ${platformName()}:\n`)
for (const { name, version, outcome } of rows) {
  console.log(`  ${name.padEnd(17)}${version.padEnd(12)}${outcome}`)
}
if (process.argv.includes('--write')) {
  const references = all.map((runtime) => play(runtime, REFERENCE))
  writeMarked('docs/runtimes.md', 'runtimes', `On ${platformName()}:\n\n${page(references)}`)
}
process.exit(rows.every((row) => row.passed) ? 0 : 1)

function page(references) {
  const word = ({ passed }) => (passed ? 'passes' : 'fails')
  const cells = rows.map((row, i) => [
    row.name.split(' ')[0],
    row.version,
    word(references[i]),
    word(row)
  ])
  return table(['runtime', 'version', 'dht-rpc', 'this package'], cells)
}

function node(major) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
  const from = `npm:node-${platform}-${process.arch}@${major}`
  return { name: `Node ${major}`, alias: `node${major}`, from, file }
}

function bun(version) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  const libc = platformName().endsWith('-musl') ? '-musl' : ''
  const file = process.platform === 'win32' ? 'bin/bun.exe' : 'bin/bun'
  const from = `npm:@oven/bun-${platform}-${arch}${libc}@${version}`
  return { name: `Bun ${version}`, alias: 'bun', from, file }
}

function deno(version) {
  const libc = process.platform === 'linux' ? '-glibc' : ''
  const file = process.platform === 'win32' ? 'deno.exe' : 'deno'
  const from = `npm:@deno/${process.platform}-${process.arch}${libc}@${version}`
  // The article's projects have no package.json, from which Deno would know both by itself.
  const args = ['run', '-A', '--node-modules-dir=manual', '--unstable-detect-cjs']
  return { name: `Deno ${version}`, alias: 'deno', from, file, args }
}

function install() {
  const dependencies = Object.fromEntries(runtimes.map(({ alias, from }) => [alias, from]))
  const manifest = JSON.stringify({ private: true, dependencies }, null, 2)
  const file = path.join(CACHE, 'package.json')
  const known = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === manifest
  if (known && runtimes.every((runtime) => fs.existsSync(installed(runtime)))) return

  console.log('Fetching the runtimes')
  fs.mkdirSync(CACHE, { recursive: true })
  fs.writeFileSync(file, manifest)
  const command = 'npm install --ignore-scripts --no-audit --no-fund'
  const { status } = spawnSync(command, { cwd: CACHE, shell: true, stdio: 'inherit' })
  if (status !== 0) process.exit(status || 1)
}

function installed({ alias, file }) {
  return path.join(CACHE, 'node_modules', alias, file)
}

// What the article takes as `--node`: one executable that is given the program's path and nothing else.
function program(runtime) {
  const file = installed(runtime)
  if (!runtime.args) return file
  const wrapper = path.join(CACHE, `${runtime.alias}.sh`)
  fs.writeFileSync(wrapper, `#!/bin/sh\nexec "${file}" ${runtime.args.join(' ')} "$@"\n`)
  fs.chmodSync(wrapper, 0o755)
  return wrapper
}

function play({ name, alias, file, program }, folder) {
  console.log(`\n=== ${name}${folder === REFERENCE ? ', the reference' : ''} ===`)
  const version = versionOf(alias ? installed({ alias, file }) : program)
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join('scripts', 'article.js'), folder, '--node', program],
    { cwd: ROOT, encoding: 'utf8' }
  )
  console.log(stdout + stderr)
  const outcome = /\d+ passed, \d+ failed/.exec(stdout)?.[0] || 'did not run'
  return { name, version, outcome, passed: status === 0 }
}

function versionOf(file) {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(stdout || '')?.[0] || 'unknown'
}
