'use strict'

const { EventEmitter } = require('events')

// A bucket: the entries whose ids share the first `index` bits with the table's, by their ids.
class Row extends EventEmitter {
  constructor(table, index) {
    super()

    this.data = null // whatever its user likes to keep here
    this.byteOffset = index >> 3
    this.index = index
    this.table = table
    this.nodes = []
  }

  // The engine fills the table; the row follows.
  add(node) {
    return this.table.add(node)
  }

  remove(id) {
    return this.get(id) !== null && this.table.remove(id)
  }

  get(id) {
    const node = this.nodes[placeOf(this, id)]
    return node !== undefined && this.compare(id, node.id) === 0 ? node : null
  }

  insert(i, node) {
    this.nodes.splice(i, 0, node)
    this.emit('add', node)
  }

  splice(i) {
    const [node] = this.nodes.splice(i, 1)
    this.emit('remove', node)
  }

  // They differ from the row's own byte on.
  compare(a, b) {
    for (let i = this.byteOffset; i < a.length; i++) {
      if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
    }
    return 0
  }
}

module.exports = Object.assign(Row, { placeOf })

// Where an id stands, or would.
function placeOf(row, id) {
  let low = 0
  let high = row.nodes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (row.compare(row.nodes[middle].id, id) < 0) low = middle + 1
    else high = middle
  }
  return low
}
