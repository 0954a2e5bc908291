'use strict'

const { formatIPv4 } = require('../common/address')
const { field } = require('../common/field')
const { optionalAddress } = require('./records')

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

// The binding's numbers of what can be written.
const SAMPLED = 0
const ADDED = 1
const PINGED = 2
const SEEN = 3
const DOWN_HINTS = 4

// A node of the table and of the node list. Times are in ticks of 5 s.
module.exports = class TableEntry {
  #view
  #serial
  #to = null
  #numbers = [0, 0, 0, 0, 0]
  #prev = null
  #next = null

  constructor(view, slab, at) {
    const i = at >> 2
    this.#view = view
    this.#serial = slab.words[i]
    this.id = slab.copy(at + 40, 32)
    this.port = slab.words[i + 2]
    this.host = formatIPv4(slab.words[i + 1])
    this.update(slab, at)
    if (this.#to === null) this.token = null // as one that the user named has it
    Object.defineProperties(this, FIELDS)
  }

  // The same number is the same entry.
  get serial() {
    return this.#serial
  }

  [INSPECT]() {
    return { ...this }
  }

  update(slab, at) {
    const w = slab.words
    const i = at >> 2
    this.#to = optionalAddress(slab, i + 3, this.#to)
    for (let n = SAMPLED; n <= DOWN_HINTS; n++) this.#numbers[n] = w[i + 5 + n] | 0
  }

  link(prev) {
    this.#prev = prev
    this.#next = null
    if (prev !== null) prev.#next = this
  }

  unlink() {
    this.#prev = this.#next = null
  }

  // Live, as long as the node is in the table.
  static fields() {
    return {
      to: field(function () {
        this.#view.entries()
        return this.#to
      }),
      sampled: TableEntry.#number(SAMPLED),
      added: TableEntry.#number(ADDED),
      pinged: TableEntry.#number(PINGED),
      seen: TableEntry.#number(SEEN),
      downHints: TableEntry.#number(DOWN_HINTS),
      // Towards the oldest.
      prev: field(function () {
        this.#view.entries()
        return this.#prev
      }),
      // Towards the latest.
      next: field(function () {
        this.#view.entries()
        return this.#next
      })
    }
  }

  static #number(n) {
    return field(
      function () {
        this.#view.entries()
        return this.#numbers[n]
      },
      function (value) {
        this.#numbers[n] = Number(value) | 0
        this.#view.setEntry(this.#serial, n, this.#numbers[n])
      }
    )
  }
}

const FIELDS = module.exports.fields()
