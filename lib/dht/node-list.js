'use strict'

const { field } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const FIELDS = {
  oldest: field(function () {
    const entries = internalsOf(this).entries()
    return entries.length === 0 ? null : entries[0]
  }),
  latest: field(function () {
    const entries = internalsOf(this).entries()
    return entries.length === 0 ? null : entries[entries.length - 1]
  }),
  length: field(function () {
    return internalsOf(this).entries().length
  })
}

// The nodes of the table in the order in which they were last heard from, linked by prev and next.
module.exports = class NodeList {
  constructor(view) {
    hide(this, view)
    Object.defineProperties(this, FIELDS)
  }

  has(node) {
    const known = internalsOf(node)
    if (known === undefined) return false
    return internalsOf(this)
      .entries()
      .some((entry) => internalsOf(entry) === known)
  }

  toArray(opts = null) {
    const { limit = Infinity, reverse = false } = opts || {}
    const entries = internalsOf(this).entries()
    const count = Number.isInteger(limit) && limit > 0 ? Math.min(limit, entries.length) : null
    if (count === null && !limit) return []
    // Counted down, another number never comes to 0.
    const list = reverse ? [...entries].reverse() : [...entries]
    return count === null ? list : list.slice(0, count)
  }
}
