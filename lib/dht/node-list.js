'use strict'

const { field } = require('../common/field')

const FIELDS = {
  oldest: field(function () {
    const entries = this._view.entries()
    return entries.length === 0 ? null : entries[0]
  }),
  latest: field(function () {
    const entries = this._view.entries()
    return entries.length === 0 ? null : entries[entries.length - 1]
  }),
  length: field(function () {
    return this._view.entries().length
  })
}

// The nodes of the table in the order in which they were last heard from, linked by prev and next.
module.exports = class NodeList {
  constructor(view) {
    this._view = view
    Object.defineProperties(this, FIELDS)
  }

  has(node) {
    return this._view.entries().includes(node)
  }

  toArray(opts = null) {
    const { limit = Infinity, reverse = false } = opts || {}
    const entries = this._view.entries()
    const count = Number.isInteger(limit) && limit > 0 ? Math.min(limit, entries.length) : null
    if (count === null && !limit) return []
    // Counted down, another number never comes to 0.
    const list = reverse ? [...entries].reverse() : [...entries]
    return count === null ? list : list.slice(0, count)
  }
}
