'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const outgoing = require('../crossing/outgoing')
const Slab = require('../crossing/slab')
const { KINDS } = require('./records')

const HEAD = 12 // bytes

// What filters say, on its way to the engine: together where many were asked. src/binding/dht/calls.rs
// documents the layout.
class Verdicts {
  constructor() {
    this._slab = new Slab(4096)
    this._end = 0
    this._handles = new Set()
    this._submitBound = this._submit.bind(this)
  }

  // accepted: of the nodes that VERDICT record `key` named.
  add(handle, key, accepted) {
    const size = HEAD + ((accepted.length + 3) & ~3)
    if (this._end + size > this._slab.bytes.byteLength) {
      this._submit()
      this._slab.reserve(size)
    }
    const { words, bytes } = this._slab
    const i = this._end >> 2
    words[i] = handle.number
    words[i + 1] = key
    words[i + 2] = accepted.length
    for (let n = 0; n < accepted.length; n++) bytes[this._end + HEAD + n] = accepted[n] ? 1 : 0
    this._end += size
    this._handles.add(handle)
    environment.postpone(KINDS.VERDICT, this._submitBound)
  }

  _submit() {
    const [end, handles] = [this._end, this._handles]
    if (end === 0) return
    this._end = 0
    this._handles = new Set()
    outgoing.submitRequests()
    native.verdicts(this._slab.bytes, end)
    for (const { view } of handles) view.invalidate()
    environment.collect()
    for (const { view } of handles) view.invalidate()
  }
}

module.exports = new Verdicts()
