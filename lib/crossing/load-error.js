'use strict'

const fs = require('fs')
const path = require('path')
const process = require('process')
const { ROOT, BINARY, platformName, buildCommand, usesMusl } = require('./platform')
const { readLibrary } = require('./elf')

// What ELF calls a processor, by what Node calls it.
const MACHINES = {
  ia32: 3,
  mips: 8,
  ppc64: 21,
  s390x: 22,
  arm: 40,
  x64: 62,
  arm64: 183,
  riscv64: 243,
  loong64: 258
}
const NARROW = ['ia32', 'mips', 'arm']

const BY_NAME = 'DHT_RPC_NATIVE_BINDING names it: name another one, or none'
const WITH_RUST = 'With Rust installed (https://rustup.rs)'
const INSTALL = `${WITH_RUST}, install the package again on this machine: that makes one that fits`

module.exports = loadError

// Why the binding in `file` was not loaded, and what can be done about it.
function loadError(file, cause) {
  const remedy = process.env.DHT_RPC_NATIVE_BINDING ? BY_NAME : INSTALL
  const text = explain(file, cause, remedy)
  const err = new Error(`No native binding of dht-rpc for ${platformName()}${text}`, { cause })
  err.code = 'ERR_NATIVE_BINDING'
  return err
}

function explain(file, cause, remedy) {
  const tried = `\n\nTried ${file}: `
  const access = accessTo(file)
  if (access === 'ENOENT') return `${missing()}${tried}the file does not exist`
  const [reason, todo = remedy] = reasonFor(file, cause, access)
  return `: ${reason}. ${todo}.${tried}${cause.message.split('\n', 1)[0]}`
}

// And what to do about it, if that is not the usual.
function reasonFor(file, { code, message }, access) {
  if (code === 'ERR_DLOPEN_DISABLED') return forbidden()
  if (code === 'ERR_OTHER_BINDING') return ['the file is of another addon or of another version']
  if (code === 'ERR_ACCESS_DENIED' || access === 'ERR_ACCESS_DENIED') return unreadableByModel(file)
  if (access !== null) return unreadable(access)
  return unfit(file, message)
}

function missing() {
  if (process.env.DHT_RPC_NATIVE_BINDING) return `. ${BY_NAME}.`
  const command = `\n\n  ${buildCommand()}`
  const others = prebuilt()
  if (others.length === 0) return `. ${WITH_RUST}, build it with:${command}`
  const reason = others.some(isSibling) ? 'that is for another C library' : 'not for this system'
  return `. The package has ${others.join(', ')}, ${reason}. ${WITH_RUST}, make one with:${command}`
}

// The platforms that the package has binaries of.
function prebuilt() {
  const folder = path.join(ROOT, 'prebuilds')
  try {
    const names = fs.readdirSync(folder)
    return names.filter((name) => fs.existsSync(path.join(folder, name, BINARY)))
  } catch {
    return []
  }
}

function isSibling(name) {
  return name.replace('-musl', '') === platformName().replace('-musl', '')
}

// By whoever started the process.
function forbidden() {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS || '').split(/\s+/)]
  const who = []
  const todo = []
  if (process.permission) {
    who.push('permission model')
    todo.push('with --allow-addons')
  }
  if (who.length === 0 || options.includes('--no-addons')) {
    who.push('--no-addons')
    todo.push('without --no-addons, which may also stand in NODE_OPTIONS')
  }
  return [
    `the binary is there, but this process may load no addons (${who.join(', ')})`,
    `Start it ${todo.join(' and ')}`
  ]
}

function unreadableByModel(file) {
  return [
    'the permission model forbids this process to read the binary',
    `Start it with --allow-fs-read=${file}`
  ]
}

function unreadable(access) {
  return [
    `the binary is there, but the user of this process may not read it (${access})`,
    'Allow that for the file and for the folders that it lies in'
  ]
}

// For this system, by what the file is and by what the system's loader said.
function unfit(file, said) {
  if (path.extname(file) !== '.node') return ['the name of a binary has to end in .node']
  const found = process.platform === 'linux' ? misfit(file) : null
  if (found !== null) return [found]
  const version = /version `(\S+)' not found/.exec(said)
  if (version) return [`the binary needs ${version[1]} of a library that is older on this system`]
  const library =
    /(\S+): cannot open shared object file: No such file/.exec(said) ||
    /Error loading shared library (\S+): No such file/.exec(said)
  if (library) return [`the binary needs ${library[1]}, which this system does not have`]
  if (/failed to map segment|not permitted|denied/i.test(said)) {
    return [
      'the binary lies where no code may be run, as on a file system that is mounted noexec',
      'Put the package elsewhere, or have that allowed'
    ]
  }
  return ['the binary is there, but the system does not load it']
}

// What a library of Linux is made for, unless that is this process.
function misfit(file) {
  const library = readLibrary(file)
  if (library === null) return 'the file is damaged, or no library of Linux'
  const { machine, bits, needed } = library
  const width = NARROW.includes(process.arch) ? 32 : 64
  if (process.arch in MACHINES && (machine !== MACHINES[process.arch] || bits !== width)) {
    return `the binary is made for ${archOf(machine)} (${bits} bits), this process runs on ${process.arch}`
  }
  const [mine, other] = usesMusl() ? ['musl', 'glibc'] : ['glibc', 'musl']
  if (libraryOf(needed) !== other) return null
  return `the binary is made for ${other}, this process runs on ${mine}: another C library`
}

function archOf(machine) {
  const found = Object.entries(MACHINES).find(([, number]) => number === machine)
  return found ? found[0] : `machine ${machine}`
}

function libraryOf(needed) {
  if (needed.includes('libc.so.6')) return 'glibc'
  return needed.some((name) => /^libc\.(musl-.*|so$)/.test(name)) ? 'musl' : null
}

function accessTo(file) {
  try {
    fs.accessSync(file, fs.constants.R_OK)
    return null
  } catch (err) {
    return err.code === 'ENOTDIR' ? 'ENOENT' : err.code
  }
}
