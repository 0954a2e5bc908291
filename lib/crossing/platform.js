'use strict'

const fs = require('fs')
const path = require('path')
const process = require('process')
const { readInterpreter } = require('./elf')

const VERSION = '6.27.0' // the package's, and the binary's
const ROOT = path.join(__dirname, '..', '..')
const BINARY = 'dht-rpc-native.node'
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
  return places.find(exists) || inPackage
}

// The permission model throws where it forbids to look.
function exists(file) {
  try {
    return fs.existsSync(file)
  } catch {
    return false
  }
}

// What cargo calls the library that it builds here.
function libraryName() {
  return LIBRARIES[process.platform] || 'libdht_rpc_native.so'
}

// The one command that makes the missing binary, valid from any folder.
function buildCommand() {
  return `node ${JSON.stringify(path.join(ROOT, 'scripts', 'build.js'))}`
}

// A dynamic program names its loader: 'ld-musl-<arch>.so.1', or musl's 'libc.so' itself, says which C
// library it runs on.
function usesMusl() {
  if (process.platform !== 'linux') return false
  const loader = readInterpreter(process.execPath)
  return loader === null ? reportsNoGlibc() : /^(ld-musl-|libc\.so$)/.test(path.basename(loader))
}

// For a program that may not be read, as under the permission model: this takes some ms.
function reportsNoGlibc() {
  const { report } = process
  if (!report || !report.getReport) return false
  const { excludeNetwork } = report
  try {
    if (excludeNetwork === false) report.excludeNetwork = true // no address is looked up
    const { header } = report.getReport()
    return Boolean(header) && !header.glibcVersionRuntime
  } catch {
    return false
  } finally {
    if (excludeNetwork === false) report.excludeNetwork = false
  }
}

module.exports = {
  VERSION,
  ROOT,
  BINARY,
  platformName,
  prebuiltPath,
  binaryPath,
  libraryName,
  buildCommand,
  usesMusl
}
