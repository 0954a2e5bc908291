'use strict'

const native = require('../crossing/native')
const { parseIPv4 } = require('../common/address')

module.exports = { isIPv4, isIPv6, isIP }

// What is no text is taken for what it says, as by a regular expression.
function isIPv4(host) {
  return parseIPv4(`${host}`) !== -1
}

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
