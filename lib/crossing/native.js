'use strict'

const path = require('path')
const { platformName, binaryPath, buildCommand } = require('./platform')

module.exports = load()

// DHT_RPC_NATIVE_BINDING: path of another binary to load instead, for debug and profiling builds.
function load() {
  const file = process.env.DHT_RPC_NATIVE_BINDING || binaryPath()
  try {
    return open(path.resolve(file))
  } catch (cause) {
    throw missing(file, cause)
  }
}

// Bundlers replace `require` itself, and know nothing of a file that is named at run time.
function open(file) {
  return require('module').createRequire(file)(file)
}

function missing(file, cause) {
  const reason = cause.code === 'MODULE_NOT_FOUND' ? 'the file does not exist' : cause.message
  const err = new Error(
    `No native binding of dht-rpc for ${platformName()}. ` +
      `With Rust installed (https://rustup.rs), build it with:\n\n  ${buildCommand()}\n\n` +
      `Tried ${file}: ${reason.split('\n', 1)[0]}`,
    { cause }
  )
  err.code = 'ERR_NATIVE_BINDING'
  return err
}
