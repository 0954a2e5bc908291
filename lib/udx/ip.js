'use strict'

const native = require('../crossing/native')
const { parseIPv4 } = require('../common/address')

module.exports = { isIPv4, isIPv6, isIP }

function isIPv4(host) {
  return parseIPv4(host) !== -1
}

// It may name an interface: fe80::1%eth0
function isIPv6(host) {
  return typeof host === 'string' && host.includes(':') && native.udxIsIPv6(host)
}

// The family, 0 if it is no address.
function isIP(host) {
  if (isIPv4(host)) return 4
  return isIPv6(host) ? 6 : 0
}
