'use strict'

const World = require('./world')
const { COMMANDS, encodeAddress, uint32 } = require('../helpers/wire')
const { generator } = require('../helpers/ids')

const { DOWN_HINT, DELAYED_PING } = COMMANDS
const { HOST, PORTS } = World
const STEPS = 400
// Ones to answer, the most recent.
const RECENT = 60
const US = { address: `${HOST}:${PORTS.server}`, host: HOST, port: PORTS.server }

// The picks of a refresh show in what it sends at once. With a narrow window that may have to wait, so
// such a walk ends before there is any.
const WIDE = 100000
const NARROW = 10

// Random steps, the same ones for the same seed: whatever nobody thought of as a scenario.
class Walk {
  constructor(engine, seed) {
    this.seed = seed
    this._world = new World(engine, `walk ${seed}`)
    this._random = generator(seed)
    this._peers = []
    this._incoming = []
    this._queries = new Set()
    this._suspended = false
    this._narrow = seed % 4 === 0
  }

  async run(steps = STEPS) {
    try {
      await this._start()
      const most = this._narrow ? Math.min(steps, STEPS) : steps
      for (let i = 0; i < most; i++) await this._step()
      await this._world.play({ op: 'destroy' })
    } catch (error) {
      const command = `node __test__/differential/replay.js ${this.seed} ${steps}`
      error.message += `\n  seed ${this.seed}, again with: ${command}`
      throw error
    }
  }

  async _start() {
    const many = this._chance(0.5)
    this._peers = this._world.peers.take(many ? 150 : 45)
    const entries = this._peers.slice(0, 2)
    for (const peer of this._peers.slice(2)) {
      peer.silent = this._chance(many ? 0.06 : 0.17)
      peer.anonymous = this._chance(many ? 0.09 : 0.2)
    }
    await this._world.start({
      ephemeral: this._narrow || this._pick([null, null, false, true]),
      adaptive: this._chance(0.9),
      firewalled: this._chance(0.85),
      quickFirewall: !this._narrow && this._chance(0.8),
      adaptiveTimeout: this._chance(0.3),
      maxWindow: this._narrow ? NARROW : WIDE,
      bootstrap: this._chance(0.9) ? entries.map(({ address }) => address) : [],
      filtered: this._chance(0.3) ? this._peers.filter(() => this._chance(0.15)) : undefined
    })
    if (this._narrow) await this._play('set', { tick: 1, refreshTicks: 1000 })
  }

  async _step() {
    if (this._suspended) return this._resume()
    const moves = [
      [33, () => this._advance()],
      [47, () => this._answer()],
      [10, () => this._receive()],
      [2, () => this._request()],
      [3, () => this._query()],
      [0.5, () => this._dropQuery()],
      [0.8, () => this._play('add-node', { node: this._peer().address })],
      [0.4, () => this._reply()],
      [0.1, () => this._play('session-destroy', { session: 1 })],
      ...(this._narrow ? [] : this._lifeCycle())
    ]
    let left = this._random() * moves.reduce((sum, [weight]) => sum + weight, 0)
    const [, move] = moves.find(([weight]) => (left -= weight) < 0) ?? moves[0]
    await move()
  }

  _lifeCycle() {
    return [
      [0.5, () => this._play('refresh')],
      [0.4, () => this._play('update-network-state', { onlyFirewall: this._chance(0.5) })],
      [0.4, () => this._play('tick')],
      [0.3, () => this._play('set', { stableTicks: 2 })],
      [0.3, () => this._play('set', { tick: (this._world.state.tick | 63) - this._int(3) })],
      [0.1, () => this._suspend()]
    ]
  }

  async _advance() {
    if (!this._narrow && this._chance(0.01)) this._world.sleep(20000)
    await this._world.advance(this._pick([1, 5, 20, 50, 100, 100, 300, 900, 1000, 5000]))
  }

  async _answer() {
    const { open, peers } = this._world
    const asked = open.slice(-RECENT).filter(({ to }) => peers.at(to) && !peers.at(to).silent)
    if (asked.length === 0) return
    const send = this._chance(0.7) ? asked[this._int(Math.min(3, asked.length))] : this._pick(asked)
    await this._world.answer(send, this._oddReply(send, peers.at(send.to)))
    if (this._chance(0.05)) open.push(send)
  }

  _oddReply({ request }, peer) {
    const fields = {}
    if (this._chance(0.03)) fields.socket = this._pick(['server', 'client'])
    if (this._chance(0.03)) fields.to = { host: HOST, port: 1 + this._int(60000) }
    if (this._chance(0.03)) fields.id = this._bytes(32)
    if (this._chance(0.03)) fields.id = null
    if (request.target) fields.closerNodes = this._closerNodes()
    if (this._chance(request.internal ? 0.02 : 0.1)) fields.error = 1 + this._int(3)
    if (!request.internal && this._chance(0.9)) fields.token = this._bytes(32)
    if (!request.internal && this._chance(0.7)) fields.value = this._bytes(this._int(5))
    if (peer.anonymous) fields.id = null
    return fields
  }

  _closerNodes() {
    const count = this._int(16)
    if (count === 0) return undefined
    return Array.from({ length: count }, () => (this._chance(0.03) ? US : this._peer()))
  }

  async _receive() {
    const peer = this._peer()
    const fields = { internal: this._chance(0.75), command: this._int(7) }
    if (this._chance(0.05)) fields.id = this._bytes(32)
    if (this._chance(0.5)) fields.target = this._target()
    if (this._chance(0.1)) fields.token = Buffer.alloc(32, 7)
    fields.value = this._requestValue(fields)
    const { events } = await this._world.receive(peer, fields, this._pick(['server', 'client']))
    if (events.some(({ event }) => event === 'request')) {
      this._incoming.push(this._world.told('request').length - 1)
    }
  }

  _requestValue({ internal, command }) {
    if (internal && command === DOWN_HINT) return encodeAddress(this._peer())
    if (internal && command === DELAYED_PING) return uint32(this._int(12000))
    return this._chance(0.5) ? this._bytes(this._int(8)) : undefined
  }

  async _request() {
    const options = { retry: this._chance(0.8), ...this._session(0.2) }
    if (this._chance(0.5)) return this._world.ping(this._peer(), options)
    const target = this._chance(0.5) ? this._bytes(32) : null
    const fields = { command: this._int(100), target, value: this._bytes(this._int(10)) }
    return this._world.request(this._peer(), { ...fields, ...options })
  }

  // The target of a FIND_NODE is never an id, so that it is told from a refresh.
  async _query() {
    const user = this._chance(0.5)
    const { query } = await this._world.query({
      command: user ? 5 + this._int(50) : undefined,
      target: user ? this._target() : this._bytes(32),
      value: user && this._chance(0.5) ? this._bytes(4) : null,
      commit: this._chance(0.4) ? 'auto' : null,
      concurrency: this._pick([10, 10, 3]),
      retries: this._pick([5, 5, 0, 2]),
      force: this._chance(0.1),
      nodes: this._given(),
      ...this._session(0.1)
    })
    this._queries.add(query)
  }

  _given() {
    if (this._chance(0.7)) return undefined
    return Array.from({ length: this._pick([1, 3, 22, 30]) }, () => this._peer())
  }

  async _dropQuery() {
    for (const { query } of this._world.told('end')) this._queries.delete(query)
    if (this._queries.size === 0) return
    const query = this._pick([...this._queries])
    this._queries.delete(query)
    await this._play('query-destroy', { query })
  }

  async _reply() {
    const incoming = this._incoming.pop()
    if (incoming === undefined) return
    const options = { token: this._chance(0.8), closerNodes: this._chance(0.8) }
    if (this._chance(0.3)) options.error = 3
    else options.value = this._chance(0.5) ? '010203' : null
    await this._play('reply', { incoming, ...options })
  }

  async _suspend() {
    if (!this._world.state.bootstrapped) return
    this._incoming = []
    this._suspended = true
    await this._play('suspend')
  }

  async _resume() {
    this._suspended = false
    await this._play('resume')
  }

  _play(op, fields) {
    return this._world.play({ op, ...fields })
  }

  _session(chance) {
    return this._chance(chance) ? { session: 1 } : {}
  }

  _target() {
    return this._chance(0.5) ? this._bytes(32) : this._peer().id
  }

  _peer() {
    return this._pick(this._peers)
  }

  _chance(p) {
    return this._random() < p
  }

  _int(below) {
    return Math.floor(this._random() * below)
  }

  _pick(list) {
    return list[this._int(list.length)]
  }

  _bytes(length) {
    return Buffer.from(Array.from({ length }, () => this._int(256)))
  }
}

module.exports = Walk
