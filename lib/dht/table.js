'use strict'

const { bytes32 } = require('../common/check')
const { field } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { compareDistance } = require('./distance')

const K = 20

const FIELDS = {
  size: field(function () {
    return internalsOf(this).entries().length
  })
}

// The routing table around an id. What it hands out are the objects of the node list.
module.exports = class Table {
  constructor(view) {
    this.id = view.tableId
    this.k = K
    hide(this, view)
    Object.defineProperties(this, FIELDS)
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
}
