'use strict'

const native = require('../crossing/native')
const { isIPv4 } = require('../common/address')

module.exports = { isIPv4, isIPv6, isIP }

// It may name an interface: fe80::1%eth0
function isIPv6(host) {
  const text = `${host}`
  return text.includes(':') && native.udxIsIPv6(text)
}

// The family, 0 if it is no address.
function isIP(host) {
  if (isIPv4(host)) return 4
  return isIPv6(host) ? 6 : 0
}
