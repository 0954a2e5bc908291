'use strict'

const SLOT_BITS = 16
const MAX_SLOTS = 1 << SLOT_BITS // more than the engine has requests in flight
const MAX_ROUNDS = 1 << 15 // so that a number stays a small integer of V8's

// What is waited for, by numbers that are not used again soon. A number is a place, and above it
// the round, which differs each time that a place is taken.
module.exports = class Slots {
  constructor() {
    this._items = [null] // no number is 0
    this._free = []
    this._round = 0
  }

  // Sets the item's number; 0: all places are taken.
  add(item) {
    const slot = this._free.length > 0 ? this._free.pop() : this._items.length
    item.number = 0
    if (slot === MAX_SLOTS) return 0
    this._round = (this._round + 1) % MAX_ROUNDS
    item.number = (this._round << SLOT_BITS) | slot
    this._items[slot] = item
    return item.number
  }

  // null: it was taken before.
  take(number) {
    const slot = number & (MAX_SLOTS - 1)
    const item = slot < this._items.length ? this._items[slot] : null
    if (item === null || item.number !== number) return null
    this._items[slot] = null
    this._free.push(slot)
    if (this._free.length === this._items.length - 1) this._clear()
    return item
  }

  // In no order.
  all() {
    return this._items.filter((item) => item !== null)
  }

  // What many at once made long is given back.
  _clear() {
    if (this._items.length < 1024) return
    this._items = [null]
    this._free = []
  }
}
