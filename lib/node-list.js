'use strict'

// The nodes of the table in the order in which they were last heard from, linked by prev and next.
module.exports = class NodeList {
  constructor(view) {
    this._view = view
  }

  get length() {
    return this._view.entries().length
  }

  get oldest() {
    const entries = this._view.entries()
    return entries.length === 0 ? null : entries[0]
  }

  get latest() {
    const entries = this._view.entries()
    return entries.length === 0 ? null : entries[entries.length - 1]
  }

  has(node) {
    return this._view.entries().includes(node)
  }

  toArray({ limit = Infinity, reverse = false } = {}) {
    const entries = this._view.entries()
    const count = Math.min(limit, entries.length)
    return reverse
      ? Array.from({ length: count }, (_, i) => entries[entries.length - 1 - i])
      : entries.slice(0, count)
  }
}
