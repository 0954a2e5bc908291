'use strict'

const assert = require('assert')
const { createHash } = require('crypto')
const ALL_DIFFERENCES = require('./differences')
const Lockstep = require('./lockstep')
const { Peers } = require('./peers')
const wire = require('../helpers/wire')

const { PING_NAT } = wire.COMMANDS
const HOST = '88.1.1.1'
const PORTS = { server: 49737, client: 50000 }
const FOREIGN_PORT = 7777

// A node on both sides and the peers around it: what scenarios are written with. Every method that
// plays a step throws a Divergence where the sides differ; a step is what they agree on.
class World {
  constructor(engine, name, differences = ALL_DIFFERENCES) {
    this.peers = new Peers()
    // All that was agreed on so far.
    this.trace = []
    // Requests that nobody answered yet, the first one first.
    this.open = []
    this.state = null
    this.centre = null
    this._lockstep = new Lockstep(engine, differences)
    this._seed = createHash('sha256').update(name).digest('hex')
    this._tid = 0
    this._numbers = { user: 0, query: 0 }
  }

  // `config`: options of the constructor; also `nodes` (peers), `filtered` (peers),
  // `names` (host names to addresses), `publicAddress` (a bootstrapper), `listening`.
  async start(config = {}) {
    const { nodes, filtered, ...others } = config
    const ports = { serverPort: PORTS.server, clientPort: PORTS.client }
    const command = { op: 'init', seed: this._seed, ...ports, bootstrap: [], ...others }
    if (nodes) command.nodes = addresses(nodes)
    if (filtered) command.filtered = addresses(filtered)
    const step = await this.play(command)
    this.centre = Buffer.from(step.trace[0].centre, 'hex')
    return step
  }

  // A node in a network of `count` peers that know each other and answer at once, see `answerAll`.
  async join(count, config = {}, change = undefined) {
    const peers = this.peers.take(count)
    this.peers.network = peers
    await this.start({ bootstrap: addresses(peers.slice(0, 2)), ...config })
    await this.answerAll(change)
    return peers
  }

  // Any command, see reference-calls.js.
  async play(command, datagram) {
    const step = await this._lockstep.play(command, datagram)
    step.sends = step.trace.filter(({ category }) => category === 'sends')
    step.events = step.trace.filter(({ event }) => event)
    this.state = step.state
    this.trace.push(...step.trace)
    this.open.push(...step.sends.filter(({ request, again }) => request && !again))
    return step
  }

  advance(ms) {
    return this.play({ op: 'advance', until: this._lockstep.mono + ms })
  }

  // The wall clock goes on while the other one stands still.
  sleep(ms) {
    this._lockstep.wall += ms
  }

  get now() {
    return this._lockstep.mono
  }

  // A datagram as it is.
  datagram(from, bytes, socket = this.socketInUse) {
    return this.play({ op: 'receive', from: from.address, socket, hex: bytes.toString('hex') })
  }

  // A request from a peer. `token` may be one that was issued (`send.tokens`).
  receive(from, fields, socket = this.socketInUse) {
    const tid = this._tid++
    const to = { host: HOST, port: PORTS[socket] ?? FOREIGN_PORT }
    const { token, ...others } = { id: from.anonymous ? null : from.id, tid, to, ...fields }
    const says = readable({ request: fields })
    return this.play({ op: 'receive', from: from.address, socket, says }, (side) => {
      return wire.encodeRequest({ ...others, token: token && (token[side] ?? token) })
    })
  }

  // The answer of the peer that was asked. `fields` change the usual one: `from`, `socket`, and what
  // a reply has.
  answer(send, { from = this.peers.at(send.to), socket = answeredOn(send), ...fields } = {}) {
    this.open = this.open.filter((other) => other !== send)
    const to = { host: HOST, port: PORTS[socket] ?? FOREIGN_PORT }
    const reply = { to, ...this._usualReply(from, send), ...fields }
    const says = readable({ reply, answers: send.number })
    const tids = this.tids(send)
    return this.play({ op: 'receive', from: from.address, socket, says }, (side) => {
      return wire.encodeReply({ ...reply, tid: tids[side] })
    })
  }

  // Answers whatever was and will be asked of peers that are not silent. `change(send)` may return
  // fields of a reply, or false to leave it open.
  async answerAll(change = () => ({})) {
    for (let limit = 5000; ; limit--) {
      assert.ok(limit > 0, 'there is no end to the requests')
      const next = this.open.find((send) => {
        const peer = this.peers.at(send.to)
        return peer !== null && !peer.silent && change(send) !== false
      })
      if (!next) return
      await this.answer(next, change(next))
    }
  }

  ping(peer, options = {}) {
    return this._ask({ op: 'ping', to: peer.address, ...options })
  }

  delayedPing(peer, delay) {
    return this._ask({ op: 'delayed-ping', to: peer.address, delay })
  }

  request(peer, fields) {
    return this._ask(readable({ op: 'request', to: peer.address, command: 7, ...fields }))
  }

  // A lookup; `findNode` if there is no command. Returns the step, with the number of the query.
  async query(fields) {
    const query = ++this._numbers.query
    const { nodes, ...others } = fields
    if (nodes) others.nodes = addresses(nodes)
    const step = await this.play(readable({ op: 'query', query, ...others }))
    return { ...step, query }
  }

  // The tids that the sides gave to a request.
  tids(send) {
    return this._lockstep.tids(send.number)
  }

  // The events of a name so far.
  told(name) {
    return this.trace.filter(({ event }) => event === name)
  }

  // The requests of an internal command so far, without further tries.
  asked(command) {
    return this.trace.filter(({ request, again }) => {
      return request && !again && request.internal && request.command === command
    })
  }

  get socketInUse() {
    return this.state === null || this.state.firewalled ? 'client' : 'server'
  }

  get history() {
    return this._lockstep.history
  }

  _ask(command) {
    return this.play({ user: ++this._numbers.user, ...command })
  }

  _usualReply(from, { request }) {
    const reply = from.anonymous ? {} : { id: from.id }
    const closer = request.target ? this.peers.closest(request.target) : []
    if (closer.length > 0) reply.closerNodes = closer
    if (request.internal) return reply
    return { ...reply, token: Buffer.from(from.id).reverse(), value: Buffer.from(from.address) }
  }
}

World.HOST = HOST
World.PORTS = PORTS

function answeredOn({ request, socket }) {
  return request.internal && request.command === PING_NAT ? 'server' : socket
}

function addresses(peers) {
  return peers.map((peer) => peer.address ?? peer)
}

// Bytes as hexadecimal text, peers as their addresses.
function readable(fields) {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (Buffer.isBuffer(value)) return [name, value.toString('hex')]
    if (Array.isArray(value)) return [name, addresses(value)]
    return [name, value && typeof value === 'object' ? readable(value) : value]
  })
  return Object.fromEntries(entries)
}

module.exports = World
