'use strict'

const { attempt, show, overTime, settled, yesNo } = require('./describe')
const { HOST } = require('./world')

const FIELDS = [
  'id',
  'host',
  'port',
  'randomized',
  'socket',
  'config',
  'bootstrapped',
  'ephemeral',
  'firewalled',
  'adaptive',
  'destroyed',
  'suspended',
  'online',
  'degraded',
  'concurrency',
  'maxPingDelay',
  'bootstrapNodes',
  'stats',
  'table',
  'nodes',
  'health',
  'io',
  'udx',
  '_nat',
  '_tick',
  '_refreshTicks',
  '_stableTicks',
  '_lastTick'
]

// For subclasses.
const FREE = [
  'listening',
  'rawStreams',
  'plugins',
  'connectionKeepAlive',
  '_router',
  '_persistent',
  '_socketPool',
  '_randomPunchInterval'
]

const READS = ['address', 'localAddress', 'remoteAddress', 'toArray']

// What a program may write, and something to write.
const WRITTEN = {
  bootstrapped: true,
  ephemeral: false,
  firewalled: false,
  adaptive: false,
  destroyed: true,
  suspended: true,
  online: false,
  degraded: true,
  concurrency: 3,
  maxPingDelay: 77,
  bootstrapNodes: [{ host: HOST, port: 1 }],
  stats: {},
  table: {},
  nodes: {},
  health: {},
  udx: {},
  _nat: {},
  _tick: 12,
  _refreshTicks: 13,
  _stableTicks: 14,
  _lastTick: 15,
  onrequest: () => false,
  onmessage: () => {},
  destroy: () => {}
}

module.exports = {
  title: 'DHT',
  probes: [overLife, identities, writes, promises, destroyed]
}

async function overLife(row, world) {
  const node = world.node({ ephemeral: false, nodes: [world.address] })
  row('names that subclasses use are free', yesNo(FREE.every((name) => !(name in node))))
  const moments = { 'when made': read(node) }
  node.bind()
  moments.bound = read(node)
  await node.fullyBootstrapped()
  moments.bootstrapped = read(node)
  await node.suspend()
  moments.suspended = read(node)
  await node.resume()
  await node.destroy()
  moments.destroyed = read(node)

  for (const name of FIELDS) row(`${name} over time`, valuesOf(moments, name))
  for (const name of READS) row(`${name}() over time`, valuesOf(moments, `${name}()`))
}

function read(node) {
  const values = {}
  for (const name of FIELDS) values[name] = show(node[name])
  for (const name of READS) values[`${name}()`] = show(node[name]())
  return values
}

function valuesOf(moments, name) {
  const entries = Object.entries(moments).map(([moment, values]) => [moment, values[name]])
  return overTime(Object.fromEntries(entries))
}

async function identities(row, world) {
  const entry = { host: HOST, port: world.address.port }
  const list = [entry]
  const node = world.node({ ephemeral: false, bootstrap: list })
  const early = { table: node.table, tableId: node.table.id, io: node.io, nodes: node.nodes }
  const { stats, health } = node
  const { queries, requests, commands } = stats

  row('bootstrapNodes: an object is kept', yesNo(node.bootstrapNodes[0] === entry))
  row('bootstrapNodes: the array is ours', yesNo(node.bootstrapNodes !== list))
  row('bind(): the same promise', yesNo(node.bind() === node.bind()))
  await node.fullyBootstrapped()
  for (const name of [
    'id',
    'stats',
    'table',
    'nodes',
    'health',
    'io',
    'socket',
    'config',
    '_nat'
  ]) {
    row(`${name}: the same object twice`, yesNo(node[name] === node[name]))
  }
  row('table after persistent: the same object', yesNo(node.table === early.table))
  row('table before persistent: keeps its id', yesNo(early.table.id === early.tableId))
  row('table.id is id', yesNo(node.table.id === node.id))
  row('io.table is table', yesNo(node.io.table === node.table))
  row('io and nodes stay', yesNo(node.io === early.io && node.nodes === early.nodes))
  row('stats and health stay', yesNo(node.stats === stats && node.health === health))
  row('stats.queries stays', yesNo(node.stats.queries === queries))
  row('stats.requests stays', yesNo(node.stats.requests === requests))
  row('stats.commands stays', yesNo(node.stats.commands === commands))
  row('id owns its bytes', yesNo(node.id.buffer.byteLength === 32))
  row('toArray(): fresh', yesNo(node.toArray()[0] !== node.toArray()[0]))
  for (const limit of [0, 1, -1, 0.5, null, NaN, undefined, Infinity]) {
    row(`toArray({ limit: ${limit} })`, `${node.toArray({ limit }).length} of 1`)
  }
  row('address(): fresh', yesNo(node.address() !== node.address()))
  row('address()', show(node.address()))

  const mine = [entry]
  node.bootstrapNodes = mine
  row('bootstrapNodes, written: the same array', yesNo(node.bootstrapNodes === mine))
  node.stats = { own: 1, ...node.stats }
  row('stats, replaced by a copy', show(node.stats))
  await node.ping(world.address)
  row('stats, replaced by a copy: live', String(node.stats.commands.ping.rx))
  await node.destroy()
}

async function writes(row, world) {
  for (const [name, value] of Object.entries(WRITTEN)) {
    const node = await world.joined()
    const before = node[name]
    row(`${name}, written`, write(node, name, value))
    node[name] = before
  }
  const node = await world.joined()
  row('firewalled written: socket', ((node.firewalled = false), which(node)))
  node.ephemeral = false
  row('ephemeral written: id', show(node.id))
  node.ephemeral = true
  node._randomPunchInterval = 5
  node.connectionKeepAlive = 6
  const { randomPunchInterval, connectionKeepAlive } = node.config
  row('config reads a subclass', `${randomPunchInterval}, ${connectionKeepAlive}`)
  node.concurrency = 4
  row('config reads concurrency', String(node.config.concurrency))
  row('query() takes concurrency', String(node.findNode(Buffer.alloc(32)).concurrency))
  node.maxPingDelay = 20
  row('delayedPing() reads maxPingDelay', await attempt(() => node.delayedPing(world.address, 21)))

  for (const [name, call] of Object.entries(refreshing(world))) {
    node._refreshTicks = 7
    await call(node)
    row(`_refreshTicks after ${name}`, String(node._refreshTicks))
  }
  node._tick = 16
  node._ontick()
  row('_ontick()', `_tick + ${node._tick - 16}`)
  node._lastTick = 0
  node._tick = 16
  node._ontick()
  row('_ontick() after sleep', `_tick + ${node._tick - 16}`)
  node._tick = 16
  node._onwakeup()
  row('_onwakeup()', `_tick + ${node._tick - 16}, _refreshTicks ${node._refreshTicks}`)
}

function refreshing(world) {
  return {
    'query()': (node) => node.query({ target: Buffer.alloc(32), command: 1 }).finished(),
    'findNode()': (node) => node.findNode(Buffer.alloc(32)).finished(),
    'refresh()': (node) => node.refresh(),
    'ping()': (node) => node.ping(world.address),
    'request()': (node) => node.request({ command: 1 }, world.address)
  }
}

function write(object, name, value) {
  try {
    object[name] = value
  } catch {
    return 'throws'
  }
  return object[name] === value ? 'takes it' : 'ignores it'
}

function which({ socket, io }) {
  return socket === io.serverSocket ? 'server' : socket === io.clientSocket ? 'client' : 'other'
}

async function promises(row, world) {
  const node = world.node({ port: 0 })
  const order = []
  node.on('listening', () => order.push('listening'))
  node.on('ready', () => order.push('ready'))
  row('address() in the turn of new', show(node.address()))
  const bound = node.bind()
  row('address() in the turn of bind()', show(node.address()))
  row('bind()', await settled(bound))
  row('fullyBootstrapped(): a fresh promise', yesNo(node.ready() !== node.fullyBootstrapped()))
  row('fullyBootstrapped()', await attempt(() => node.fullyBootstrapped()))
  row('ready()', await attempt(() => node.ready()))
  row('events', order.join(', '))
  const lines = []
  const log = (line) => lines.push(line)
  row('suspend()', await attempt(() => node.suspend({ log })))
  row('suspend() again', await attempt(() => node.suspend()))
  row('suspended', String(node.suspended))
  row('resume()', await attempt(() => node.resume({ log })))
  for (const [i, line] of lines.entries())
    row(`suspend({ log }), resume({ log }): line ${i + 1}`, line)
  row('resume() again', await attempt(() => node.resume()))
  row('rttStats()', await attempt(() => node.rttStats()))
  row('_updateNetworkState()', await attempt(() => node._updateNetworkState()))
  row('_updateNetworkState() result', String(await node._updateNetworkState(true)))
  const lonely = world.node({ bootstrap: [] })
  const { responses, ...rest } = await lonely.rttStats()
  row('rttStats() of a lonely node', JSON.stringify({ ...rest, responses }))
}

async function destroyed(row, world) {
  const node = await world.joined()
  const target = Buffer.alloc(32)
  row('destroy(): destroyed at once', yesNo((node.destroy(), node.destroyed)))
  row('destroy() again', await attempt(() => node.destroy()))
  const calls = {
    query: () => node.query({ target, command: 1 }),
    findNode: () => node.findNode(target),
    ping: () => node.ping(world.address),
    'delayedPing above the limit': () => node.delayedPing(world.address, 10001),
    request: () => node.request({ command: 1 }, world.address),
    session: () => show(node.session()),
    refresh: () => node.refresh(),
    suspend: () => node.suspend(),
    resume: () => node.resume(),
    bind: () => node.bind(),
    fullyBootstrapped: () => node.fullyBootstrapped()
  }
  for (const [name, call] of Object.entries(calls)) {
    row(`after destroy: ${name}()`, await attempt(call))
  }
  // The words of the reference are of a null that it did not expect.
  const delayed = await attempt(() => node.delayedPing(world.address, 1))
  row('after destroy: delayedPing()', delayed.split(' ')[0])
}
