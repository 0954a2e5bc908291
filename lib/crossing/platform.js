'use strict'

const fs = require('fs')
const path = require('path')

const ROOT = path.join(__dirname, '..', '..')
const BINARY = 'dht-rpc.node'
const LIBRARIES = { darwin: 'libdht_rpc_native.dylib', win32: 'dht_rpc_native.dll' }

// The folder's name under prebuilds/: '<platform>-<arch>', with '-musl' where musl is the C library.
function platformName() {
  return `${process.platform}-${process.arch}${usesMusl() ? '-musl' : ''}`
}

// Where the binary of this platform lies in the package.
function prebuiltPath() {
  return path.join(ROOT, 'prebuilds', platformName(), BINARY)
}

// Where it is: in the package, or beside the bundle that this file went into.
function binaryPath() {
  const inPackage = prebuiltPath()
  const beside = path.join(__dirname, 'prebuilds', platformName(), BINARY)
  const places = [inPackage, beside, path.join(__dirname, BINARY)]
  return places.find((file) => fs.existsSync(file)) || inPackage
}

// What cargo calls the library that it builds here.
function libraryName() {
  return LIBRARIES[process.platform] || 'libdht_rpc_native.so'
}

// The one command that makes the missing binary, valid from any folder.
function buildCommand() {
  return `node ${JSON.stringify(path.join(ROOT, 'scripts', 'build.js'))}`
}

module.exports = { ROOT, platformName, prebuiltPath, binaryPath, libraryName, buildCommand }

// A dynamic program names its loader near its start: 'ld-musl-<arch>.so.1' says which C library it runs on.
function usesMusl() {
  if (process.platform !== 'linux') return false
  const head = Buffer.alloc(4096)
  try {
    const fd = fs.openSync(process.execPath, 'r')
    try {
      fs.readSync(fd, head, 0, head.length, 0)
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return false
  }
  return head.includes('ld-musl-')
}
