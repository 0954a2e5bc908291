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

// A node of the table and of the node list. Times are in ticks of 5 s. Programs keep fields of their
// own on it, so it has no other members than these.
class TableEntry {
  constructor(view, slab, at) {
    const i = at >> 2
    const serial = slab.words[i]
    hide(this, { view, serial, to: null, numbers: [0, 0, 0, 0, 0], prev: null, next: null })
    this.id = slab.copy(at + 40, 32)
    this.port = slab.words[i + 2]
    this.host = formatIPv4(slab.words[i + 1])
    update(this, slab, at)
    if (internalsOf(this).to === null) this.token = null // as one that the user named has it
    Object.defineProperties(this, FIELDS)
  }

  [INSPECT]() {
    return { ...this }
  }
}

module.exports = Object.assign(TableEntry, { serialOf, update, link, unlink })

// The same number is the same entry.
function serialOf(entry) {
  return internalsOf(entry).serial
}

function update(entry, slab, at) {
  const internals = internalsOf(entry)
  const w = slab.words
  const i = at >> 2
  internals.to = optionalAddress(slab, i + 3, internals.to)
  for (let n = SAMPLED; n <= DOWN_HINTS; n++) internals.numbers[n] = w[i + 5 + n] | 0
}

function link(entry, prev) {
  const internals = internalsOf(entry)
  internals.prev = prev
  internals.next = null
  if (prev !== null) internalsOf(prev).next = entry
}

function unlink(entry) {
  const internals = internalsOf(entry)
  internals.prev = internals.next = null
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
