'use strict'

const entries = require('./entries')
const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const FIELDS = {
  oldest: replaceable('oldest', function () {
    const [oldest = null] = entriesOf(this)
    return oldest
  }),
  latest: replaceable('latest', function () {
    const all = entriesOf(this)
    return all.length === 0 ? null : all[all.length - 1]
  }),
  length: replaceable('length', function () {
    return entriesOf(this).length
  })
}

// The nodes of the table in the order in which they were last heard from, linked by prev and next.
module.exports = class NodeList {
  constructor(handle) {
    hide(this, handle)
    Object.defineProperties(this, FIELDS)
  }

  has(node) {
    return entries.find(internalsOf(this), node) !== null
  }

  // One that is here is the latest from now on.
  add(node) {
    const handle = internalsOf(this)
    const entry = entries.find(handle, node)
    if (entry === null) entries.enter(handle, node)
    else entries.touch(handle, entry)
    return node
  }

  remove(node) {
    const handle = internalsOf(this)
    const entry = entries.find(handle, node)
    if (entry !== null) entries.drop(handle, entry, false)
    return node
  }

  toArray(opts = null) {
    const { limit = Infinity, reverse = false } = opts || {}
    const all = entriesOf(this)
    const count = Number.isInteger(limit) && limit > 0 ? Math.min(limit, all.length) : null
    if (count === null && !limit) return []
    // Counted down, another number never comes to 0.
    const list = reverse ? [...all].reverse() : [...all]
    return count === null ? list : list.slice(0, count)
  }
}

function entriesOf(list) {
  return internalsOf(list).view.entries()
}
