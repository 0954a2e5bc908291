'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, platformName, prebuiltPath } = require('../lib/crossing/platform')
const { program } = require('./helpers/elf')
const { lacks } = require('../scripts/needs')

const NOT_LINUX = lacks('linux')
const NOT_GLIBC = lacks('glibc')
const MODEL = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag)
)
const NAME = `No native binding of dht-rpc for ${platformName()}`
const BUILD = /build it|scripts.build\.js/

const base = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-load-'))
test.after(() => fs.rmSync(base, { recursive: true }))

test('--no-addons', () => {
  for (const [flags, env] of [
    [['--no-addons'], {}],
    [[], { NODE_OPTIONS: '--no-addons' }]
  ]) {
    const said = load({ flags, env })
    assert.match(
      said.message,
      /binary is there, but this process may load no addons \(--no-addons\)/
    )
    assert.match(said.message, /Start it without --no-addons/)
    assert.doesNotMatch(said.message, BUILD)
    assert.strictEqual(said.cause, 'ERR_DLOPEN_DISABLED')
  }
})

test('the permission model forbids addons', () => {
  const said = load({ flags: [MODEL, `--allow-fs-read=${path.join(ROOT, '*')}`] })
  assert.match(
    said.message,
    /may load no addons \(permission model\)\. Start it with --allow-addons\./
  )
  assert.doesNotMatch(said.message, BUILD)
})

test('the permission model and --no-addons forbid addons', () => {
  const flags = [MODEL, '--no-addons', `--allow-fs-read=${path.join(ROOT, '*')}`]
  assert.match(load({ flags }).message, /with --allow-addons and without --no-addons/)
})

test('the permission model forbids to read the binary', () => {
  const readable = ['lib', 'node_modules'].map((name) => path.join(ROOT, name, '*'))
  const flags = readable.map((folder) => `--allow-fs-read=${folder}`)
  const said = load({ flags: [MODEL, '--allow-addons', ...flags] })
  // Node 20 asks for no such right.
  if (said === null) return
  assert.match(said.message, /permission model forbids this process to read the binary/)
  assert.ok(said.message.includes(`Start it with --allow-fs-read=${prebuiltPath()}.`), said.message)
  assert.doesNotMatch(said.message, BUILD)
})

test(
  'the user may not read the binary, or its folder',
  { skip: process.platform === 'win32' },
  () => {
    const folder = fs.mkdtempSync(path.join(base, 'mine-'))
    const file = path.join(folder, 'binding.node')
    fs.copyFileSync(prebuiltPath(), file)
    for (const [closed, of] of [
      [file, base],
      [folder, folder]
    ]) {
      fs.chmodSync(base, 0o755)
      fs.chmodSync(of, 0o755)
      fs.chmodSync(closed, 0)
      const said = load({ file, asNobody: true })
      fs.chmodSync(closed, 0o755)
      assert.match(said.message, /the user of this process may not read it \(EACCES\)\. Allow that/)
      assert.doesNotMatch(said.message, BUILD)
    }
  }
)

test('a binary for another processor', { skip: NOT_LINUX }, () => {
  const [other, machine] = process.arch === 'arm64' ? ['x64', 62] : ['arm64', 183]
  const file = changed((bytes) => bytes.writeUInt16LE(machine, 18))
  const { message } = load({ file })
  assert.ok(message.includes(`made for ${other} (64 bits), this process runs on ${process.arch}`))
  assert.match(message, /DHT_RPC_NATIVE_BINDING names it: name another one/)

  const narrow = write(program({ bits: 32, machine: 3, loader: '/lib/ld-linux.so.2' }))
  assert.ok(load({ file: narrow }).message.includes('made for ia32 (32 bits)'))
})

test('a binary for another C library', { skip: NOT_GLIBC }, () => {
  const file = changed((bytes) => replace(bytes, 'libc.so.6\0', 'libc.so\0'))
  const { message } = load({ file })
  assert.match(message, /made for musl, this process runs on glibc: another C library/)
  assert.doesNotMatch(message, BUILD)
})

test('a binary for a newer C library', { skip: NOT_GLIBC }, () => {
  const file = changed((bytes) => {
    const [version] = /GLIBC_2\.\d\d\0/.exec(bytes.toString('latin1'))
    replace(bytes, version, 'GLIBC_9.99')
  })
  const { message } = load({ file })
  assert.match(message, /needs GLIBC_9\.99 of a library that is older on this system/)
})

test('a binary that needs what is not there', { skip: NOT_GLIBC }, () => {
  const file = changed((bytes) => replace(bytes, 'libc.so.6\0', 'libx.so.6\0'))
  assert.match(load({ file }).message, /needs libx\.so\.6, which this system does not have/)
})

test('a file that is no library', { skip: NOT_LINUX }, () => {
  const file = path.join(base, 'text.node')
  for (const text of ['', 'no library', '\x7fELF']) {
    fs.writeFileSync(file, text)
    assert.match(load({ file }).message, /the file is damaged, or no library of Linux\. /)
  }
})

test('a file system where no code may be run', { skip: lacks('namespaces') }, () => {
  const folder = fs.mkdtempSync(path.join(base, 'noexec-'))
  const file = path.join(folder, 'binding.node')
  const script = `mount -t tmpfs -o noexec none ${folder} && cp ${prebuiltPath()} ${file} && exec "$0" "$@"`
  const { message } = load({ file, within: ['unshare', '-rm', 'sh', '-c', script] })
  assert.match(
    message,
    /lies where no code may be run, .* mounted noexec\. Put the package elsewhere/
  )
})

test('a file that is another addon', (t) => {
  const older = "exports.open = exports.lookup = () => {}; exports.version = () => '1.0.0'"
  for (const addon of ['module.exports = {}', 'module.exports = null', older]) {
    const file = path.join(base, 'other.js')
    fs.writeFileSync(file, addon)
    t.after(() => fs.rmSync(file, { force: true }))
    const said = load({ env: { DHT_RPC_NATIVE_BINDING: file } })
    assert.match(said.message, /the file is of another addon or of another version/)
    assert.match(said.message, /DHT_RPC_NATIVE_BINDING names it: name another one, or none/)
    if (addon === older) assert.match(said.message, /is of version 1\.0\.0, not of version \d/)
  }
})

test('a name that does not say what the file is', () => {
  const file = path.join(base, 'libdht_rpc_native.so')
  fs.copyFileSync(prebuiltPath(), file)
  assert.match(load({ file }).message, /has to end in \.node/)
})

test('DHT_RPC_NATIVE_BINDING names nothing', () => {
  const file = path.join(base, 'nothing.node')
  const { message } = load({ file })
  assert.ok(message.includes(`Tried ${file}: the file does not exist`))
  assert.match(message, /name another one, or none/)
  assert.doesNotMatch(message, BUILD)
})

test(
  'without a binary for this system, those that are there are named',
  { skip: NOT_LINUX },
  () => {
    const root = fs.mkdtempSync(path.join(base, 'package-'))
    fs.cpSync(path.join(ROOT, 'lib'), path.join(root, 'lib'), { recursive: true })
    assert.match(
      load({ root }).message,
      new RegExp(`^${NAME}\\. With Rust installed .*, build it with:`)
    )

    put(root, 'darwin-arm64')
    assert.ok(
      load({ root }).message.includes(`${NAME}. The package has darwin-arm64, not for this`)
    )

    const sibling = platformName().endsWith('-musl')
      ? platformName().slice(0, -5)
      : `${platformName()}-musl`
    put(root, sibling)
    const { message } = load({ root })
    assert.ok(message.includes(`darwin-arm64, ${sibling}, that is for another C library.`), message)
    assert.ok(message.includes(path.join(root, 'scripts', 'build.js')), message)
  }
)

// What loading says: { code, message, cause }, or null if it says nothing.
function load({ root = ROOT, file, flags = [], env = {}, within = [], asNobody = false }) {
  const tries = file ? JSON.stringify(file) : 'null'
  const source = `
    const { prebuiltPath } = require('./lib/crossing/platform')
    const file = ${tries} || prebuiltPath()
    const loadError = require('./lib/crossing/load-error')
    if (${asNobody} && process.getuid() === 0) process.setuid(65534)
    try {
      require(${asNobody} ? file : './lib/crossing/native')
      console.log('null')
    } catch (thrown) {
      const err = ${asNobody} ? loadError(file, thrown) : thrown
      const { code, message, cause } = err
      console.log(JSON.stringify({ code, message, cause: cause.code }))
    }
  `
  const [command, ...args] = [...within, process.execPath, ...flags, '-e', source]
  const { stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, DHT_RPC_NATIVE_BINDING: file, ...env },
    encoding: 'utf8'
  })
  assert.notStrictEqual(stdout, '', stderr)
  const said = JSON.parse(stdout)
  if (said === null) return null
  assert.strictEqual(said.code, 'ERR_NATIVE_BINDING')
  assert.ok(said.message.startsWith(NAME), said.message)
  return said
}

function put(root, platform) {
  fs.mkdirSync(path.join(root, 'prebuilds', platform), { recursive: true })
  fs.writeFileSync(path.join(root, 'prebuilds', platform, 'dht-rpc-native.node'), '')
}

// A copy of the binary in which something else stands.
function changed(change) {
  const bytes = fs.readFileSync(prebuiltPath())
  change(bytes)
  return write([{ at: 0, bytes }])
}

function replace(bytes, from, to) {
  const at = bytes.indexOf(from, 0, 'latin1')
  assert.ok(at > 0, `${from} stands in the binary`)
  bytes.write(to.padEnd(from.length, '\0'), at, 'latin1')
}

function write(pieces) {
  const file = path.join(base, 'changed.node')
  const fd = fs.openSync(file, 'w')
  for (const { at, bytes } of pieces) fs.writeSync(fd, bytes, 0, bytes.byteLength, at)
  fs.closeSync(fd)
  return file
}
