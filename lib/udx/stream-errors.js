'use strict'

const DHTError = require('../common/errors')

// As libuv has them, which is what users of udx-native look for.
const WORDS = {
  ERR_UDX_CRASHED: 'its UDX crashed, and all streams of it are gone',
  ECONNRESET: 'connection reset by peer',
  EINVAL: 'invalid argument',
  ENOTCONN: 'socket is not connected',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out'
}

module.exports = { system, notConnected }

function system(code) {
  return DHTError.coded(Error, code, WORDS[code] || `stream failed: ${code}`)
}

function notConnected() {
  const message = 'Writing while not connected not currently supported'
  return DHTError.coded(Error, 'ERR_ASSERTION', message)
}
