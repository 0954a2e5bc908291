'use strict'

const native = require('../crossing/native')
const Slab = require('../crossing/slab')
const { formatIPv4 } = require('../common/address')
const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

// Shared: they are read as soon as they are written.
const addresses = new Slab(8 * 20)
const ids = new Slab(32 * 20)

const FIELD = replaceable('closerNodes', function () {
  return internalsOf(this).list
})
const SHOWN = {
  value() {
    return { ...this }
  },
  configurable: true,
  writable: true
}

// Whom a reply names. They are made when somebody looks at them, as few do.
module.exports = class CloserNodes {
  // known: so many of the first have ids.
  constructor(slab, at, count, known) {
    const words = new Array(2 * count)
    for (let i = at >> 2, n = 0; n < words.length; n++) words[n] = slab.words[i + n]
    this._words = words
    this._known = known
    this._list = null
  }

  // Seen from outside `reply.closerNodes` is a field like the others, in a console as well.
  static lend(reply, slab, at, count, known) {
    const nodes = new CloserNodes(slab, at, count, known)
    Object.defineProperty(reply, 'closerNodes', FIELD)
    hide(reply, nodes)
    Object.defineProperty(reply, INSPECT, SHOWN)
  }

  get list() {
    if (this._words !== null) this._read()
    return this._list
  }

  _read() {
    const words = this._words
    this._words = null
    this._list = new Array(words.length / 2)
    for (let n = 0; n < this._list.length; n++) {
      this._list[n] = { id: null, host: formatIPv4(words[2 * n]), port: words[2 * n + 1] & 0xffff }
    }
    if (this._known > 0) this._readIds(words)
  }

  _readIds(words) {
    const known = this._known
    addresses.reserve(8 * known)
    ids.reserve(32 * known)
    addresses.words.set(words.slice(0, 2 * known))
    native.nodeIds(addresses.bytes, 0, known, ids.bytes)
    for (let n = 0; n < known; n++) this._list[n].id = ids.copy(32 * n, 32)
  }
}
