'use strict'

const path = require('path')
const process = require('process')
const { binaryPath } = require('./platform')

module.exports = load()

// DHT_RPC_NATIVE_BINDING: path of another binary to load instead, for debug and profiling builds.
function load() {
  const file = process.env.DHT_RPC_NATIVE_BINDING || binaryPath()
  try {
    return checked(open(path.resolve(file)))
  } catch (cause) {
    throw cause.code === 'ERR_NATIVE_BINDING' ? cause : require('./load-error')(file, cause)
  }
}

// Bundlers replace `require` itself, and know nothing of a file that is named at run time.
function open(file) {
  return require('module').createRequire(file)(file)
}

function checked(binding) {
  if (binding && typeof binding.open === 'function' && typeof binding.lookup === 'function') {
    return binding
  }
  const err = new Error('it was loaded, and lacks functions of this package')
  throw Object.assign(err, { code: 'ERR_OTHER_BINDING' })
}
