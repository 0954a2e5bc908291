'use strict'

const native = require('../crossing/native')
const Slab = require('../crossing/slab')
const { field } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const SLOTS = 4
const SEND = 0
const RECV = 1
const DRAIN = 2
const CLEAR = 3

const FIELDS = {
  _i: number('i'),
  _total: number('total'),
  // The same array always, whose places are live as well.
  _window: field(
    function () {
      return internalsOf(this).places
    },
    function (slots) {
      const all = Array.from({ length: SLOTS }, (_, place) => slots[place])
      internalsOf(this).write({ slots: all })
    }
  ),
  _maxWindow: number('max')
}

const slab = new Slab(32) // shared: it is read as soon as it is written

// How many requests may be on their way: the sends of the last four slots of 750 ms.
module.exports = class CongestionWindow {
  constructor(handle, maxWindow) {
    hide(this, new Counts(handle, maxWindow))
    Object.defineProperties(this, FIELDS)
  }

  isFull() {
    const { i, total, slots, max } = internalsOf(this).read()
    return total >= 2 * max || slots[i] >= max
  }

  recv() {
    internalsOf(this).turn(RECV)
  }

  send() {
    internalsOf(this).turn(SEND)
  }

  drain() {
    internalsOf(this).turn(DRAIN)
  }

  clear() {
    internalsOf(this).turn(CLEAR)
  }
}

// The engine counts.
class Counts {
  constructor(handle, maxWindow) {
    this.places = placesOf(this)
    this._handle = handle
    this._last = { i: 0, total: 0, slots: [0, 0, 0, 0], max: maxWindow }
  }

  // As it was, once the node is gone.
  read() {
    const handle = this._handle
    if (handle.gone || native.window(handle.flushed(), slab.bytes) === 0) return this._last
    const [i, total, a, b, c, d, max] = slab.words
    this._last = { i, total, slots: [a, b, c, d], max }
    return this._last
  }

  write(change) {
    const { i, total, slots, max } = { ...this.read(), ...change }
    const handle = this._handle
    if (handle.gone) return
    native.setWindow(handle.flushed(), [i, total, ...slots, max].map(toCount))
    handle.settings.maxWindow = this.read().max
    handle.changed()
  }

  turn(what) {
    const handle = this._handle
    if (handle.gone) return
    native.turnWindow(handle.flushed(), what)
    handle.changed()
  }
}

function number(name) {
  return field(
    function () {
      return internalsOf(this).read()[name]
    },
    function (value) {
      internalsOf(this).write({ [name]: value })
    }
  )
}

function placesOf(counts) {
  const places = []
  for (let place = 0; place < SLOTS; place++) {
    const get = () => counts.read().slots[place]
    const set = (value) => {
      const slots = [...counts.read().slots]
      slots[place] = value
      counts.write({ slots })
    }
    Object.defineProperty(places, place, field(get, set))
  }
  return places
}

function toCount(value) {
  return Math.min(Math.max(Math.trunc(Number(value)) || 0, 0), 0xffffffff)
}
