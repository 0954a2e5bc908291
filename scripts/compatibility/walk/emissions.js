'use strict'

const { EventEmitter } = require('events')
const { typeOf } = require('./members')

// What an emitter of Node's tells of its own listeners.
const OF_NODE = ['newListener', 'removeListener']

// What every emitter of the process emits while it is on.
module.exports = class Emissions {
  constructor() {
    this._seen = new Map() // emitter → Map(event → Set(signature))
    this._emit = EventEmitter.prototype.emit
  }

  start() {
    const { _emit, _seen } = this
    EventEmitter.prototype.emit = function (event, ...args) {
      note(_seen, this, event, args)
      return _emit.call(this, event, ...args)
    }
  }

  stop() {
    EventEmitter.prototype.emit = this._emit
  }

  // By the names that a walk gave to the emitters: Map(name → Map(event → Set(signature))).
  byName(walk) {
    const named = new Map()
    for (const [emitter, events] of this._seen) {
      const name = walk.nameOf(emitter)
      if (name !== null)
        merge(
          entry(named, name, () => new Map()),
          events
        )
    }
    return named
  }
}

function note(seen, emitter, event, args) {
  if (OF_NODE.includes(event)) return
  const events = entry(seen, emitter, () => new Map())
  entry(events, event, () => new Set()).add(`(${args.map(typeOf).join(', ')})`)
}

function merge(into, events) {
  for (const [event, signatures] of events) {
    const known = entry(into, event, () => new Set())
    for (const signature of signatures) known.add(signature)
  }
}

function entry(map, key, make) {
  if (!map.has(key)) map.set(key, make())
  return map.get(key)
}
