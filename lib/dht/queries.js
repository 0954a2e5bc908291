'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const DHTError = require('../common/errors')
const { internalsOf } = require('../common/internals')
const { QUERIES_ACTIVE } = require('./stats')
const { readLength } = require('../crossing/record')

const NONE = new Map() // of nodes that never had a query
const GONE = 0 // the number of a query that the binding does not know

// The queries of a node's user. One that waits to be read is held weakly: if nobody can read it any
// more it is dropped.
module.exports = class Queries {
  constructor(handle) {
    this._handle = handle
    this._slots = NONE
  }

  get size() {
    return this._slots.size
  }

  // The user's session that the node knows by this number, if one of them is in it.
  groupOf(number) {
    for (const { ref, held } of this._slots.values()) {
      const query = held || ref.deref()
      const group = query ? internalsOf(query).group : null
      if (group !== null && group.numberAt(this._handle) === number) return group
    }
    return null
  }

  // cancellation: what may give it up, or null.
  add(query, packed, cancellation) {
    const { failure } = this._handle
    const number = failure === null ? native.queryNew(this._handle.flushed(), packed) : GONE
    if (number === GONE) {
      query._onabort(failure || DHTError.NODE_WAS_DESTROYED())
      return GONE
    }
    if (this._slots === NONE) this._slots = new Map()
    this._slots.set(number, { ref: new WeakRef(query), held: null })
    abandoned.register(query, { queries: this, number, cancellation }, query)
    return number
  }

  // It is under way by itself.
  hold(query) {
    const slot = this._slots.get(internalsOf(query).number)
    if (slot === undefined) return
    if (slot.held === null) environment.pollDriver.held()
    slot.held = query
  }

  // It waits for its reader.
  unhold(query) {
    const slot = this._slots.get(internalsOf(query).number)
    if (slot !== undefined) this._letGo(slot)
  }

  remove(query) {
    abandoned.unregister(query)
    this.drop(internalsOf(query).number)
  }

  // It was given up: all that it has in flight goes as well.
  cancel(query) {
    abandoned.unregister(query)
    this._forget(internalsOf(query).number, native.queryCancel)
  }

  drop(number) {
    this._forget(number, native.queryDestroy)
  }

  destroy(err) {
    for (const number of [...this._slots.keys()]) {
      const query = this._get(number)
      if (query !== null) query._onabort(err)
    }
  }

  // The counts from byte 12, the body from byte 24.
  onrow(number, slab, at) {
    const query = this._get(number)
    if (query === null) return
    environment.expectUserCode()
    query._onrow(slab, at + 24, slab.words, (at >> 2) + 3)
  }

  onprogress(number, slab, at) {
    const query = this._get(number)
    if (query !== null) query._onprogress(slab.words, (at >> 2) + 3)
  }

  // Bodies from byte 24.
  oncommit(number, slab, at) {
    const query = this._get(number)
    if (query === null) return
    const i = at >> 2
    environment.expectUserCode()
    const w = slab.words
    query._oncommit(slab, at + 24, at + readLength(slab, at), w[i + 3], w[i + 4], w[i + 5])
  }

  // Bodies from byte 32.
  onend(number, slab, at) {
    const query = this._get(number)
    if (query === null) return
    const w = slab.words
    const i = at >> 2
    environment.expectUserCode()
    const end = at + readLength(slab, at)
    query._onend(slab, at + 32, end, w[i + 3], w[i + 4], w[i + 5], w[i + 6], w[i + 7])
  }

  _letGo(slot) {
    if (slot.held !== null) environment.pollDriver.left()
    slot.held = null
  }

  _forget(number, forget) {
    const slot = this._slots.get(number)
    if (slot === undefined) return
    this._slots.delete(number)
    this._letGo(slot)
    const handle = this._handle
    const { counters } = handle
    if (handle.gone) counters.set(QUERIES_ACTIVE, counters.get(QUERIES_ACTIVE) - 1)
    else forget(handle.flushed(), number)
  }

  _get(number) {
    const slot = this._slots.get(number)
    if (slot === undefined) return null
    return slot.held || slot.ref.deref() || null
  }
}

const abandoned = new FinalizationRegistry(({ queries, number, cancellation }) => {
  queries.drop(number)
  if (cancellation !== null) cancellation.end()
})
