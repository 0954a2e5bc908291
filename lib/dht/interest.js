'use strict'

const native = require('../crossing/native')

const NODES = 1 // who comes into the table and leaves it
const BUCKETS = 2 // where they stand in it
const REQUESTS = 4 // internal commands that came
const REPLIES = 8 // all that answer a request
const TIMEOUTS = 16 // requests that nobody answered
const TRIES = 32 // those of their tries that nobody answered

// What the engine tells only a node that wants it. The bits are the binding's.
class Interest {
  constructor(handle) {
    this._handle = handle
    this._wanted = 0
  }

  get wanted() {
    return this._wanted
  }

  want(what) {
    if (what & (NODES | BUCKETS)) this._handle.view.keepRemoved()
    this._set(this._wanted | what)
  }

  unwant(what) {
    this._set(this._wanted & ~what)
  }

  _set(wanted) {
    if (wanted === this._wanted) return
    this._wanted = wanted
    if (!this._handle.gone) native.listen(this._handle.flushed(), wanted)
  }
}

module.exports = Object.assign(Interest, { NODES, BUCKETS, REQUESTS, REPLIES, TIMEOUTS, TRIES })
