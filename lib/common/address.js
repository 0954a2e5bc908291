'use strict'

const MAX_CACHED = 8192

const names = new Map()
let lastIp = 0
let lastName = '0.0.0.0'

module.exports = { parseIPv4, formatIPv4, isIPv4 }

// What is no text is taken for what it says, as by a regular expression.
function isIPv4(host) {
  return parseIPv4(`${host}`) !== -1
}

// '127.0.0.1' is 0x7f000001; whatever is no IPv4 address is -1.
function parseIPv4(host) {
  if (typeof host !== 'string' || host.length < 7 || host.length > 15) return -1

  let ip = 0
  let part = -1
  let dots = 0

  for (let i = 0; i < host.length; i++) {
    const c = host.charCodeAt(i)

    if (c === 46) {
      if (part === -1 || ++dots === 4) return -1
      ip = ip * 256 + part
      part = -1
      continue
    }

    if (c < 48 || c > 57 || part === 0) return -1
    part = part === -1 ? c - 48 : part * 10 + c - 48
    if (part > 255) return -1
  }

  return dots === 3 && part !== -1 ? ip * 256 + part : -1
}

function formatIPv4(ip) {
  if (ip === lastIp) return lastName
  lastIp = ip
  lastName = nameOf(ip)
  return lastName
}

function nameOf(ip) {
  const known = names.get(ip)
  if (known !== undefined) return known

  const name = `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`
  if (names.size === MAX_CACHED) names.clear()
  names.set(ip, name)
  return name
}
