'use strict'

const path = require('path')
const process = require('process')
const { VERSION, binaryPath } = require('./platform')

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

// What crosses has another layout in another version.
function checked(binding) {
  const version = binding && typeof binding.version === 'function' ? binding.version() : null
  if (version === VERSION) return binding
  const what = version === null ? 'another addon' : `version ${version}`
  const err = new Error(`it was loaded, and is of ${what}, not of version ${VERSION}`)
  throw Object.assign(err, { code: 'ERR_OTHER_BINDING' })
}
