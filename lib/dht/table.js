'use strict'

const { EventEmitter } = require('events')
const Buckets = require('./buckets')
const entries = require('./entries')
const { NODES, BUCKETS } = require('./interest')
const tellOfListeners = require('../common/listening')
const { bytes32 } = require('../common/check')
const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { compareDistance } = require('./distance')

const K = 20

const FIELDS = {
  size: replaceable('size', function () {
    return internalsOf(this).entries().length
  }),
  // By how many bits an id shares with the table's; a place that was never taken is a hole.
  rows: replaceable('rows', function () {
    return internalsOf(this).follow().rows
  })
}

// The routing table around an id. What it hands out are the objects of the node list.
class Table extends EventEmitter {
  constructor(handle) {
    super()

    this.id = handle.view.tableId
    this.k = K
    hide(this, new Contents(handle, this))
    Object.defineProperties(this, FIELDS)
  }

  // false: its row is full, or nobody can have this id at this address.
  add(node) {
    return internalsOf(this).add(node)
  }

  remove(id) {
    const entry = this.get(id)
    return entry !== null && internalsOf(this).remove(entry)
  }

  has(id) {
    return this.get(id) !== null
  }

  get(id) {
    for (const entry of internalsOf(this).entries()) {
      if (entry.id.equals(id)) return entry
    }
    return null
  }

  // The k nearest to id, nearest first.
  closest(id, k) {
    bytes32(id, 'id', 'ERR_INVALID_TARGET')
    const found = [...internalsOf(this).entries()].sort((a, b) => compareDistance(id, a.id, b.id))
    return found.slice(0, k || this.k)
  }

  random() {
    const entries = internalsOf(this).entries()
    return entries.length === 0 ? null : entries[(Math.random() * entries.length) | 0]
  }

  toArray() {
    return this.closest(this.id, Infinity)
  }

  // The node has another table now; this one stays as it was.
  retire() {
    internalsOf(this).retire()
  }
}

tellOfListeners(Table, (table, name) => {
  if (name === 'row') internalsOf(table).follow()
})

module.exports = Table

// What is in a table: the node's entries, and its rows once somebody looked at them.
class Contents {
  constructor(handle, table) {
    this._handle = handle
    this._table = table
    this._buckets = null
    this._last = null // the entries that it had when it was retired
  }

  entries() {
    return this._last || this._handle.view.entries()
  }

  follow() {
    if (this._buckets !== null) return this._buckets
    // Whoever comes in between is among the entries, and told of once more.
    if (this._last === null) this._handle.interest.want(NODES | BUCKETS)
    this._buckets = new Buckets(this._table, this._handle.view, this.entries())
    if (this._last === null) this._handle.buckets = this._buckets
    return this._buckets
  }

  add(node) {
    return this._last === null && entries.enter(this._handle, node)
  }

  remove(entry) {
    return this._last === null && entries.drop(this._handle, entry, false)
  }

  retire() {
    this._last = this._buckets === null ? this.entries() : this._buckets.entries()
    this._handle.buckets = null
  }
}
