'use strict'

const Divergence = require('./divergence')
const Reference = require('./reference')
const Trace = require('./trace')

const FIND_NODE = 2

// Plays each command to both sides and compares what comes out: every datagram, every event, and the
// state after it. A side answers a command with `{trace, state}`; the trace is a list of
// `{at, send: {socket, to, ttl, hex}}` and `{at, event, fields}` in order.
class Lockstep {
  constructor(engine, differences) {
    this.history = []
    this.mono = 1000000
    this.wall = 1700000000000
    this._sides = {
      engine: { player: engine, trace: new Trace() },
      reference: { player: new Reference(differences), trace: new Trace() }
    }
  }

  // What both sides agree on, as `{trace, state}`. `datagram(side)` makes the datagram of a command,
  // where that depends on the tids or tokens of a side.
  async play(command, datagram = null) {
    const timed = { mono: this.mono, wall: this.wall, ...command }
    this.history.push(timed)
    const engine = await this._playTo('engine', timed, datagram)
    const lookups = engine.trace.filter(isLookup).map(({ at, request }) => {
      return { at, target: request.target.toString('hex') }
    })
    const reference = await this._playTo('reference', withCentre(timed, engine), datagram, lookups)
    if (command.op === 'advance') this._pass(command.until)
    for (const side of [engine, reference]) {
      sortBy(side, 'queries', ({ query }) => query)
      if (command.op === 'session-destroy') sortBy(side, 'settled', ({ user }) => user)
    }
    Divergence.check(this.history, reference, engine)
    return pair(reference, engine)
  }

  // The tids that the sides gave to a request.
  tids(number) {
    const { reference, engine } = this._sides
    return { reference: reference.trace.tid(number), engine: engine.trace.tid(number) }
  }

  async _playTo(name, command, datagram, lookups) {
    const { player, trace } = this._sides[name]
    const own = datagram ? { ...command, hex: datagram(name).toString('hex') } : command
    const result = await player.play(own, lookups)
    return { trace: trace.map(result.trace), state: result.state }
  }

  _pass(until) {
    this.wall += until - this.mono
    this.mono = until
  }
}

function isLookup({ request, again }) {
  return request && !again && request.internal && request.command === FIND_NODE
}

// The centre of the reference's table is that of the engine's.
function withCentre(command, { trace }) {
  if (command.op !== 'init') return command
  return { ...command, centre: trace.find(({ event }) => event === 'created').centre }
}

// No order is promised among the streams of several queries, and the promises of a session's requests.
function sortBy({ trace }, category, key) {
  const sorted = trace.filter((entry) => entry.category === category)
  sorted.sort((a, b) => key(a) - key(b))
  trace.forEach((entry, i) => {
    if (entry.category === category) trace[i] = sorted.shift()
  })
}

// Tokens are each side's own.
function pair(reference, engine) {
  const sends = engine.trace.filter(({ category }) => category === 'sends')
  const others = reference.trace.filter(({ category }) => category === 'sends')
  sends.forEach((send, i) => {
    if (send.reply) send.tokens = { engine: send.token, reference: others[i].token }
  })
  return engine
}

module.exports = Lockstep
