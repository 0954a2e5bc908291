'use strict'

const b4a = require('b4a')
const sodium = require('sodium-universal')
const Clock = require('./clock')
const FakeUDX = require('./fake-udx')
const ReferenceCalls = require('./reference-calls')
const loadReference = require('./load-reference')
const report = require('./report')

const LIFE_CYCLE = ['ready', 'persistent', 'ephemeral', 'wakeup', 'network-update']

// The reference, on a clock and sockets of ours. Takes the same commands as engine.js.
class Reference {
  // `differences`: those of differences.js that count.
  constructor(differences) {
    this._differences = differences
    this.clock = new Clock()
    this.dht = null
    this.udx = null
    this.calls = null
    this._trace = []
    this._lookups = []
    this._lookingFor = new Map()
  }

  // `lookups` are those that the engine began in this step, as `{at, target}`: the random picks.
  async play(command, lookups = []) {
    const slept = this.clock.set(command)
    this._lookups = lookups
    if (command.op === 'init') this._init(command)
    else await this._call(command, slept)
    await turn()
    const trace = this._trace
    this._trace = []
    return { trace, state: report.state(this.dht) }
  }

  tell(event, fields = {}) {
    this._trace.push({ at: this.clock.mono, event, fields })
  }

  _call(command, slept) {
    if (slept > 0) for (const difference of this._differences) difference.slept?.(this.dht, slept)
    if (command.op === 'advance') return this.clock.advance(command.until, turn)
    return this.calls.call(command)
  }

  _init(command) {
    this.tell('created', { centre: command.centre })
    const { dht, udx } = this._create(command)
    this.dht = dht
    this.udx = udx
    this.calls = new ReferenceCalls(this)
    for (const difference of this._differences) difference.node?.(dht, udx)

    for (const name of LIFE_CYCLE) dht.on(name, () => this.tell(name))
    dht.on('nat-update', (host, port) => this.tell('nat-update', { host, port }))
    dht.on('add-node', (node) => this.tell('add-node', { address: report.address(node) }))
    dht.on('remove-node', (node) => this.tell('remove-node', { address: report.address(node) }))
    if (command.listening !== false) dht.on('request', (request) => this.calls.incoming(request))
  }

  _create(command) {
    const substitutes = {
      'udx-native': FakeUDX,
      'sodium-universal': { ...sodium, randombytes_buf: centreFirst(command.centre) }
    }
    const load = loadReference(this._globals(), substitutes)
    const DHT = load('dht-rpc-reference')
    const classes = {
      DHT,
      IO: load('dht-rpc-reference/lib/io'),
      Query: load('dht-rpc-reference/lib/query'),
      Session: load('dht-rpc-reference/lib/session'),
      Health: load('dht-rpc-reference/lib/health'),
      Table: load('kademlia-routing-table')
    }
    for (const difference of this._differences) difference.classes?.(classes)
    this._choose(classes)

    const udx = new FakeUDX(command, (socket, to, ttl, datagram) => {
      const hex = b4a.toString(datagram, 'hex')
      this._trace.push({ at: this.clock.mono, send: { socket, to, ttl, hex } })
    })
    const dht = create(DHT, command, { ...options(command), udx })
    return { dht, udx }
  }

  // Random picks are the engine's. Other random numbers are 0, so that there is no jitter.
  _choose({ DHT, Table }) {
    const { _backgroundQuery } = DHT.prototype
    const { closest } = Table.prototype
    const reference = this

    Table.prototype.random = function () {
      const pick = reference._pick(this)
      return pick ?? (this.size > 0 ? closest.call(this, this.id, 1)[0] : null)
    }
    DHT.prototype._backgroundQuery = function (target) {
      const query = _backgroundQuery.call(this, target)
      reference.lookingFor(query, target)
      return query
    }
  }

  // A lookup that runs already is the pick only if no other one begins.
  _pick(table) {
    const now = this._lookups.filter(({ at, target }) => {
      return at === this.clock.mono && table.has(b4a.from(target, 'hex'))
    })
    const pick = now.find(({ target }) => !this._lookingFor.has(target)) ?? now[0]
    if (!pick) return null
    this._lookups = this._lookups.filter((lookup) => lookup !== pick)
    return table.get(b4a.from(pick.target, 'hex'))
  }

  lookingFor(query, target) {
    const hex = b4a.toString(target, 'hex')
    this._lookingFor.set(hex, (this._lookingFor.get(hex) ?? 0) + 1)
    query.on('close', () => {
      const left = this._lookingFor.get(hex) - 1
      if (left === 0) this._lookingFor.delete(hex)
      else this._lookingFor.set(hex, left)
    })
  }

  _globals() {
    const { setTimeout, clearTimeout, setInterval, clearInterval, Date } = this.clock
    const still = Object.create(Math, { random: { value: () => 0 } })
    return { setTimeout, clearTimeout, setInterval, clearInterval, Date, Math: still }
  }
}

function create(DHT, { publicAddress }, options) {
  if (!publicAddress) return new DHT(options)
  const { host, port } = report.parse(publicAddress)
  return DHT.bootstrapper(port, host, options)
}

function options(command) {
  const { serverPort, nodes, filtered, adaptiveTimeout, ...others } = command
  const options = { ...others, port: serverPort }
  for (const name of ['ephemeral', 'adaptive']) if (options[name] === null) delete options[name]
  if (nodes) options.nodes = nodes.map(report.parse)
  if (filtered) options.filterNode = (node) => !filtered.includes(report.address(node))
  if (adaptiveTimeout) options.adaptiveTimeout = { jitter: 0 }
  return options
}

// The first random bytes are the centre of the table.
function centreFirst(centre) {
  let first = true
  return (buffer) => {
    if (first) buffer.set(b4a.from(centre, 'hex'))
    else sodium.randombytes_buf(buffer)
    first = false
  }
}

// All that follows without waiting has happened after a turn of the event loop.
function turn() {
  return new Promise((resolve) => setImmediate(resolve))
}

module.exports = Reference
