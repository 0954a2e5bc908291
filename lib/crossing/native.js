'use strict'

const { prebuiltPath } = require('./platform')

module.exports = load()

// DHT_RPC_NATIVE_BINDING: path of another binary to load instead, for debug and profiling builds.
function load() {
  const file = process.env.DHT_RPC_NATIVE_BINDING || prebuiltPath()
  try {
    return require(file)
  } catch (cause) {
    throw require('./load-error')(file, cause)
  }
}
