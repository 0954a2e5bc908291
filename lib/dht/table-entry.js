'use strict'

const { formatIPv4 } = require('../common/address')
const { field, replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { optionalAddress } = require('./records')

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

// The binding's numbers of what can be written.
const SAMPLED = 0
const ADDED = 1
const PINGED = 2
const SEEN = 3
const DOWN_HINTS = 4

// Live, as long as the node is in the table.
const FIELDS = {
  to: replaceable('to', function () {
    return current(this).to
  }),
  sampled: number(SAMPLED),
  added: number(ADDED),
  pinged: number(PINGED),
  seen: number(SEEN),
  downHints: number(DOWN_HINTS),
  // Towards the oldest.
  prev: replaceable('prev', function () {
    return current(this).prev
  }),
  // Towards the latest.
  next: replaceable('next', function () {
    return current(this).next
  })
}

// A node of the table and of the node list. Times are in ticks of 5 s.
module.exports = class TableEntry {
  constructor(view, slab, at) {
    const i = at >> 2
    const serial = slab.words[i]
    hide(this, { view, serial, to: null, numbers: [0, 0, 0, 0, 0], prev: null, next: null })
    this.id = slab.copy(at + 40, 32)
    this.port = slab.words[i + 2]
    this.host = formatIPv4(slab.words[i + 1])
    this.update(slab, at)
    if (internalsOf(this).to === null) this.token = null // as one that the user named has it
    Object.defineProperties(this, FIELDS)
  }

  // The same number is the same entry.
  get serial() {
    return internalsOf(this).serial
  }

  [INSPECT]() {
    return { ...this }
  }

  update(slab, at) {
    const entry = internalsOf(this)
    const w = slab.words
    const i = at >> 2
    entry.to = optionalAddress(slab, i + 3, entry.to)
    for (let n = SAMPLED; n <= DOWN_HINTS; n++) entry.numbers[n] = w[i + 5 + n] | 0
  }

  link(prev) {
    const entry = internalsOf(this)
    entry.prev = prev
    entry.next = null
    if (prev !== null) internalsOf(prev).next = this
  }

  unlink() {
    const entry = internalsOf(this)
    entry.prev = entry.next = null
  }
}

function number(n) {
  return field(
    function () {
      return current(this).numbers[n]
    },
    function (value) {
      const { view, serial, numbers } = current(this)
      numbers[n] = Number(value) | 0
      view.setEntry(serial, n, numbers[n])
    }
  )
}

function current(entry) {
  const internals = internalsOf(entry)
  internals.view.entries()
  return internals
}
