'use strict'

const check = require('../common/check')
const { parseProtections, parseHardened } = require('./protections')
const { parseBootstrapNodes, formatBootstrapNodes } = require('./bootstrap')

const PUBLIC_ADDRESS = Symbol('public address')
const PORTS_TRIED = 5 // from the one that was asked for
const MAX_WINDOW = 80 // sends of 750 ms

const MAX_U32 = 0xffffffff
const MAX_DOWN_HINTS = 0x7fffffff
const DOWN_HINTS_RATE_LIMIT = 50

// Those of the adaptive-timeout package: ms, but for maxSize.
const ADAPTIVE_TIMEOUT = {
  maxSize: 65536,
  maxAge: 600_000,
  fallback: [250, 500, 1000, 2000, 4000],
  min: 300,
  max: 4000,
  jitter: 256
}

module.exports = { parseOptions, PUBLIC_ADDRESS, MAX_WINDOW }

// Checks the options of a constructor. config is for the binding, the rest for the instance.
function parseOptions(opts, defaults) {
  check.option(typeof opts === 'object' && opts !== null, 'options', 'an object', opts)

  const bootstrapNodes = parseBootstrapNodes(opts.bootstrap)
  const strings = bootstrapNodes.every((_, i) => typeof opts.bootstrap[i] !== 'object')
  const filterNode = parseFilter(opts.filterNode || opts.addNode, 'filterNode')
  const filterRequest = parseFilter(opts.filterRequest, 'filterRequest')

  const host = given(opts.host, '0.0.0.0')
  check.ip(host)
  const portRange = parsePorts(given(opts.port, 0)) // null: any

  const parsed = {
    host,
    portRange,
    bootstrapNodes,
    filterNode,
    filterRequest,
    nodes: parseNodes(opts.nodes),
    concurrency: count(opts.concurrency || defaults.concurrency, 'concurrency'),
    maxWindow: count(given(opts.maxWindow, MAX_WINDOW), 'maxWindow'),
    maxPingDelay: count(opts.maxPingDelay || defaults.maxPingDelay, 'maxPingDelay'),
    sendDownHints: opts.sendDownHints !== false,
    downHintsRateLimit: given(opts.downHintsRateLimit, DOWN_HINTS_RATE_LIMIT)
  }
  check.integer(parsed.downHintsRateLimit, 'downHintsRateLimit', -1, MAX_DOWN_HINTS)

  parsed.config = nativeConfig(opts, parsed, strings)
  return parsed
}

function nativeConfig(opts, parsed, staticBootstrap) {
  const { host, portRange, bootstrapNodes, concurrency, maxWindow, maxPingDelay } = parsed
  const known = opts[PUBLIC_ADDRESS]
  return {
    shards: check.integer(given(opts.shards, 0), 'shards', 0, 1024),
    host,
    portFrom: portRange === null ? 0 : portRange[0],
    portTo: portRange === null ? 0 : Math.min(portRange[1], 65536),
    anyPort: opts.anyPort !== false,
    concurrency,
    maxWindow,
    maxPingDelay,
    ephemeral: typeof opts.ephemeral === 'boolean' ? opts.ephemeral : undefined,
    adaptive: opts.adaptive !== false,
    firewalled: opts.firewalled !== false,
    quickFirewall: opts.quickFirewall !== false,
    bootstrap: formatBootstrapNodes(bootstrapNodes),
    bootstrapDynamic: !staticBootstrap,
    sendDownHints: parsed.sendDownHints,
    downHintsRateLimit: parsed.downHintsRateLimit,
    adaptiveTimeout: parseAdaptiveTimeout(opts.adaptiveTimeout),
    filter: parsed.filterNode !== null,
    keepVerdicts: opts.keepVerdicts !== false,
    filterRequest: parsed.filterRequest !== null,
    protections: parseProtections(opts.protections),
    hardened: parseHardened(opts.hardened),
    publicIp: known && known.ip,
    publicPort: known && known.port
  }
}

function parseFilter(filter, field) {
  check.option(!filter || typeof filter === 'function', field, 'a function', filter)
  return filter || null
}

function parsePorts(port) {
  if (Array.isArray(port)) {
    const [from, to] = port
    check.integer(from, 'port[0]', 0, 65535)
    check.integer(to, 'port[1]', from, 65536)
    return port
  }
  if (port === 0) return null
  check.port(port)
  return [port, port + PORTS_TRIED]
}

function parseNodes(nodes) {
  if (!nodes) return []
  check.option(Array.isArray(nodes), 'nodes', 'an array of { host, port }', nodes)
  nodes.forEach((node, i) => {
    check.option(typeof node === 'object' && node !== null, `nodes[${i}]`, 'an object', node)
    check.ip(node.host, `nodes[${i}].host`)
    check.port(node.port, `nodes[${i}].port`)
  })
  return nodes
}

function parseAdaptiveTimeout(opts) {
  if (!opts) return undefined
  const config = {}
  for (const name in ADAPTIVE_TIMEOUT) config[name] = given(opts[name], ADAPTIVE_TIMEOUT[name])
  for (const name of ['maxSize', 'maxAge', 'min', 'max', 'jitter']) {
    check.integer(config[name], `adaptiveTimeout.${name}`, 0, MAX_U32)
  }
  const { fallback } = config
  const ok = Array.isArray(fallback) && fallback.length > 0
  check.option(ok, 'adaptiveTimeout.fallback', 'an array of ms', fallback)
  fallback.forEach((ms, i) => check.integer(ms, `adaptiveTimeout.fallback[${i}]`, 0, MAX_U32))
  return config
}

function count(number, field) {
  return check.integer(number, field, 1, MAX_U32)
}

function given(value, otherwise) {
  return value === undefined || value === null ? otherwise : value
}
