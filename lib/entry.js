'use strict'

const { formatIPv4 } = require('./address')
const { optionalAddress } = require('./records')

// A node of the table and of the node list. Times are in ticks of 5 s.
module.exports = class Entry {
  #view
  #serial
  #prev = null
  #next = null

  constructor(view, slab, at) {
    const i = at >> 2
    this.#view = view
    this.#serial = slab.words[i]
    this.id = slab.copy(at + 40, 32)
    this.port = slab.words[i + 2]
    this.host = formatIPv4(slab.words[i + 1])
    this.to = null
    this.sampled = 0
    this.added = 0
    this.pinged = 0
    this.seen = 0
    this.downHints = 0
    this.update(slab, at)
  }

  // The same number is the same entry.
  get serial() {
    return this.#serial
  }

  // Towards the oldest.
  get prev() {
    this.#view.entries()
    return this.#prev
  }

  // Towards the latest.
  get next() {
    this.#view.entries()
    return this.#next
  }

  update(slab, at) {
    const w = slab.words
    const i = at >> 2
    this.to = optionalAddress(slab, i + 3, this.to)
    this.sampled = w[i + 5] | 0
    this.added = w[i + 6] | 0
    this.pinged = w[i + 7] | 0
    this.seen = w[i + 8] | 0
    this.downHints = w[i + 9]
  }

  link(prev) {
    this.#prev = prev
    this.#next = null
    if (prev !== null) prev.#next = this
  }

  unlink() {
    this.#prev = this.#next = null
  }
}
