'use strict'

const Row = require('./row')
const { placeOf } = require('./row')
const { commonPrefix } = require('./distance')

const ROWS = 256 // bits of an id

// The rows of a table that somebody looks at. They change with the events that tell of it, and in
// the order of these: first the row, then the table's size and list.
module.exports = class Buckets {
  constructor(table, view, entries) {
    this.rows = new Array(ROWS)
    this._table = table
    this._view = view
    for (const entry of entries) this._put(entry)
  }

  entries() {
    return Object.values(this.rows).flatMap(({ nodes }) => nodes)
  }

  gained(entry) {
    this._view.hiding(entry, () => {
      const row = this._rowOf(entry.id) || this._begin(entry.id)
      if (row.get(entry.id) !== null) return
      if (row.nodes.length >= this._table.k) this._sweep(row)
      row.insert(placeOf(row, entry.id), entry)
    })
  }

  lost(entry) {
    const row = this._rowOf(entry.id)
    if (!row || row.get(entry.id) !== entry) return
    this._view.keeping(entry, () => row.splice(placeOf(row, entry.id)))
  }

  full(node) {
    const row = this._rowOf(node.id)
    if (row) row.emit('full', node)
  }

  _begin(id) {
    const row = this._make(id)
    this._table.emit('row', row)
    return row
  }

  // Of one that was there before anybody looked nothing is told.
  _put(entry) {
    const row = this._rowOf(entry.id) || this._make(entry.id)
    row.nodes.splice(placeOf(row, entry.id), 0, entry)
  }

  _make(id) {
    const index = this._indexOf(id)
    this.rows[index] = new Row(this._table, index)
    return this.rows[index]
  }

  _rowOf(id) {
    return this.rows[this._indexOf(id)]
  }

  _indexOf(id) {
    return Math.min(commonPrefix(id, this._table.id), ROWS - 1)
  }

  // Events were dropped while JavaScript stood still.
  _sweep(row) {
    const entries = this._view.entries()
    row.nodes = row.nodes.filter((entry) => entries.includes(entry))
  }
}
