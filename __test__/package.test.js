// slow: it packs, installs and builds the package

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, platformName, prebuiltPath, libraryName } = require('../lib/crossing/platform')
const { dynamicSymbols } = require('./helpers/elf')
const { lacks } = require('../scripts/needs')

const NPM = findNpm()
const PREBUILT = `prebuilds/${platformName()}/dht-rpc-native.node`
const USE =
  "const node = new DHT({ bootstrap: false, host: '127.0.0.1' }); node.fullyBootstrapped().then(() => node.destroy()).then(() => console.log('works'))"

// Nothing of how this run itself was built.
const CLEAN = {
  ...process.env,
  CARGO_TARGET_DIR: undefined,
  DHT_RPC_NATIVE_BINDING: undefined
}

const base = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-package-'))
test.after(() => fs.rmSync(base, { recursive: true, force: true }))

const tarball = pack(ROOT, base)
const bare = withoutPrebuilt(tarball)

test('the tarball carries the binary, the sources, and nothing else', () => {
  const files = tarball.files.map((file) => file.path)
  const inTree = fs.readdirSync(path.join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const sources = inTree
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath || entry.path, entry.name)))
  const types = fs.readdirSync(path.join(ROOT, 'lib', 'types')).map((name) => `lib/types/${name}`)
  const others = ['index.js', 'index.d.ts', 'LICENSE', 'Cargo.lock']
  for (const file of [PREBUILT, ...others, ...types, ...sources]) {
    assert.ok(files.includes(file.replaceAll(path.sep, '/')), `${file} is missing`)
  }
  const strangers = files.filter((file) => /^(__test__|tests|bench|target|node_modules)/.test(file))
  assert.deepStrictEqual(strangers, [])
})

test('installs as dht-rpc with scripts blocked and no compiler in reach', () => {
  const project = install(tarball.file, ['--ignore-scripts'])
  assert.match(run(project, `const DHT = require('dht-rpc'); ${USE}`), /works/)
  assert.match(run(project, `import DHT from 'dht-rpc'; ${USE}`, ['--input-type=module']), /works/)
})

test('without a fitting binary and with scripts blocked, loading says what to do', () => {
  const project = install(bare, ['--ignore-scripts'])
  const script = path.join(project, 'node_modules', 'dht-rpc', 'scripts', 'build.js')
  const code =
    "try { require('dht-rpc') } catch (err) { console.log(err.code); console.log(err.message) }"
  const said = run(project, code)
  assert.match(said, /^ERR_NATIVE_BINDING\n/)
  assert.ok(said.includes(` for ${platformName()}.`), said)
  assert.ok(said.includes(`node ${JSON.stringify(fs.realpathSync(script))}`), said)
})

test('a binary that does not load is named with its reason', () => {
  const file = path.join(base, 'broken.node')
  fs.writeFileSync(file, 'no library')
  const code =
    "try { require('./lib/crossing/native') } catch (err) { console.log(err.code + ' ' + err.message) }"
  const said = run(ROOT, code, [], { DHT_RPC_NATIVE_BINDING: file })
  assert.match(said, /^ERR_NATIVE_BINDING No native binding/)
  assert.ok(said.includes(`Tried ${file}: `), said)
})

test('without a fitting binary and with scripts allowed, it is built from its sources', () => {
  const calls = path.join(base, 'cargo-calls')
  const env = { PATH: pathWith(fakeCargo(calls)) }
  const project = install(bare, ['--foreground-scripts'], env)
  const features = platformName().endsWith('-musl') ? '--features mimalloc ' : ''
  const said = fs.readFileSync(calls, 'utf8')
  assert.ok(said.startsWith(`build --release --locked --lib ${features}--target-dir `), said)
  assert.match(run(project, `const DHT = require('dht-rpc'); ${USE}`), /works/)
  const left = fs.readdirSync(path.join(project, 'node_modules', 'dht-rpc'))
  assert.ok(!left.includes('target'), 'what cargo leaves behind is removed')
})

test('without a fitting binary, with scripts but without cargo, the install fails and says why', () => {
  const project = emptyProject()
  const { status, stderr, stdout } = npm(project, ['install', `dht-rpc@file:${bare}`])
  assert.notStrictEqual(status, 0)
  assert.match(stdout + stderr, /cargo cannot be started \(ENOENT\)\. Install Rust/)
  assert.ok((stdout + stderr).includes(platformName()))
})

test('the package, its JavaScript and its crate are of one version', () => {
  const { version } = require('../package.json')
  const { VERSION } = require('../lib/crossing/platform')
  const [, crate] = /^version = "(.*)"$/m.exec(
    fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
  )
  assert.deepStrictEqual([VERSION, crate], [version, version])
})

test('the sources in the tarball are a crate that cargo accepts', () => {
  const dir = unpack(tarball.file)
  const args = ['metadata', '--no-deps', '--offline', '--format-version=1', '--locked']
  const { packages } = JSON.parse(execFileSync('cargo', args, { cwd: dir, encoding: 'utf8' }))
  assert.ok(packages[0].targets.some((target) => target.crate_types.includes('cdylib')))
})

test('installs from a path', () => {
  const project = install(ROOT, ['--ignore-scripts'])
  assert.ok(fs.lstatSync(path.join(project, 'node_modules', 'dht-rpc')).isSymbolicLink())
  assert.match(run(project, `const DHT = require('dht-rpc'); ${USE}`), /works/)
})

// It reads ELF.
test('the binary imports nothing of libuv', { skip: lacks('linux') }, () => {
  const { imported, exported } = dynamicSymbols(fs.readFileSync(prebuiltPath()))
  assert.ok(exported.includes('napi_register_module_v1'))
  assert.ok(imported.includes('memcpy'), 'the table was read')
  assert.deepStrictEqual(
    imported.filter((name) => name.startsWith('uv_')),
    []
  )
})

function pack(dir, destination, flags = []) {
  const { PATH, CARGO_TARGET_DIR } = process.env
  const args = ['pack', '--json', '--pack-destination', destination, ...flags]
  const { status, stdout, stderr } = npm(dir, args, { PATH, CARGO_TARGET_DIR })
  assert.strictEqual(status, 0, stderr)
  // What prepack prints may come before the list.
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)))
  return { file: path.join(destination, filename), files }
}

function withoutPrebuilt({ file }) {
  const dir = unpack(file)
  fs.rmSync(path.join(dir, 'prebuilds'), { recursive: true })
  return pack(dir, path.dirname(dir), ['--ignore-scripts']).file
}

function unpack(file) {
  const dir = fs.mkdtempSync(path.join(base, 'unpacked-'))
  execFileSync('tar', ['-xzf', file, '-C', dir])
  return path.join(dir, 'package')
}

function install(what, flags, env) {
  const project = emptyProject()
  const { status, stderr } = npm(project, ['install', `dht-rpc@file:${what}`, ...flags], env)
  assert.strictEqual(status, 0, stderr)
  return project
}

function emptyProject() {
  const project = fs.mkdtempSync(path.join(base, 'project-'))
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  return project
}

function npm(cwd, args, env = { PATH: pathWith() }) {
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--no-update-notifier']
  return spawnSync(process.execPath, [NPM, ...args, ...flags], {
    cwd,
    env: { ...CLEAN, ...env },
    encoding: 'utf8'
  })
}

function run(cwd, code, flags = [], env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', code], {
    cwd,
    env: { ...CLEAN, PATH: pathWith(), ...env },
    encoding: 'utf8'
  })
  assert.strictEqual(status, 0, stderr)
  return stdout
}

// A PATH with node and a shell, and nothing that could compile.
function pathWith(...more) {
  const bin = path.join(base, 'bin')
  if (!fs.existsSync(bin)) {
    fs.mkdirSync(bin)
    fs.symlinkSync(process.execPath, path.join(bin, 'node'))
    fs.symlinkSync('/bin/sh', path.join(bin, 'sh'))
  }
  return [bin, ...more].join(path.delimiter)
}

// Stands in for cargo: writes down how it was called and 'builds' the library that is there already.
function fakeCargo(calls) {
  const dir = fs.mkdtempSync(path.join(base, 'cargo-'))
  const script = `#!${process.execPath}
const fs = require('fs')
const args = process.argv.slice(2)
const out = args[args.indexOf('--target-dir') + 1] + '/release'
fs.appendFileSync(${JSON.stringify(calls)}, args.join(' '))
fs.mkdirSync(out, { recursive: true })
fs.copyFileSync(${JSON.stringify(prebuiltPath())}, out + '/${libraryName()}')
`
  fs.writeFileSync(path.join(dir, 'cargo'), script, { mode: 0o755 })
  return dir
}

function findNpm() {
  if (process.env.npm_execpath) return process.env.npm_execpath
  for (const dir of process.env.PATH.split(path.delimiter)) {
    const file = path.join(dir, 'npm')
    if (fs.existsSync(file)) return fs.realpathSync(file)
  }
  throw new Error('npm is not in PATH')
}
