'use strict'

const { invalid, isPort } = require('../common/check')
const { parseIPv4 } = require('../common/address')
const { internalsOf } = require('../common/internals')
const { idOf } = require('./node-id')
const { BOOTSTRAP_FORMAT } = require('../common/errors')

module.exports = { parseBootstrapNodes, formatBootstrapNodes, resolveBootstrapNodes }

// 'host:port', 'ip@host:port', a port of this machine, or any object with host and port, which is
// kept.
function parseBootstrapNodes(list) {
  if (list === false || list === null || list === undefined) return []
  if (Array.isArray(list)) return list.map(parseBootstrapNode)
  throw invalid(TypeError, 'ERR_INVALID_BOOTSTRAP', 'bootstrap', 'an array or false', list)
}

// What the binding takes. Who has no address at the moment, as a DHT instance that does not know
// its own, is left out.
function formatBootstrapNodes(nodes) {
  const list = []
  for (const { host, port } of nodes) {
    if (typeof host === 'string' && host !== '' && isPort(port)) list.push(`${host}:${port}`)
  }
  return list
}

// { id, host, port } of each that can be resolved, one after the other.
async function* resolveBootstrapNodes(dht) {
  for (const { host, port } of internalsOf(dht).settings.bootstrapNodes) {
    if (typeof host !== 'string' || !isPort(port)) continue
    const address = await resolveHost(dht, host, port)
    const ip = parseIPv4(address)
    if (ip !== -1) yield { id: idOf(ip, port), host: address, port }
  }
}

// 'ip@name': the name is looked up if nobody answers at the IP. null: it has no address.
async function resolveHost(dht, host, port) {
  const [suggested, name] = host.split('@')
  if (name === undefined) return lookup(dht, host)
  try {
    await dht.ping({ host: suggested, port })
    return suggested
  } catch {
    return lookup(dht, name)
  }
}

async function lookup({ udx }, name) {
  if (parseIPv4(name) !== -1) return name
  try {
    return (await udx.lookup(name, { family: 4 })).host
  } catch {
    return null
  }
}

function parseBootstrapNode(node, i) {
  if (typeof node === 'string') return parseAddress(node, i)
  if (typeof node === 'number') return { host: '127.0.0.1', port: checkPort(node, i) }
  if (typeof node !== 'object' || node === null) {
    const allowed = "'host:port', a port, or an object with host and port"
    throw invalid(TypeError, 'ERR_INVALID_BOOTSTRAP', `bootstrap[${i}]`, allowed, node)
  }
  if (!isNodeLike(node)) checkObject(node, i)
  return node
}

function parseAddress(text, i) {
  const [host, port] = text.split(':')
  if (!host || !port) throw BOOTSTRAP_FORMAT(`bootstrap[${i}]`, text)
  return { host, port: checkPort(/^\d+$/.test(port) ? Number(port) : port, i) }
}

// Its address is not known yet, or was not found out.
function isNodeLike({ host, port }) {
  return host === null || port === 0
}

function checkObject({ host, port }, i) {
  checkPort(port, i)
  if (typeof host === 'string' && host !== '') return
  const field = `bootstrap[${i}].host`
  throw invalid(TypeError, 'ERR_INVALID_BOOTSTRAP', field, 'a name or an IPv4 address', host)
}

function checkPort(port, i) {
  if (isPort(port)) return port
  const Type = typeof port === 'number' ? RangeError : TypeError
  const allowed = 'an integer from 1 to 65535'
  throw invalid(Type, 'ERR_INVALID_BOOTSTRAP', `bootstrap[${i}].port`, allowed, port)
}
