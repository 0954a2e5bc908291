'use strict'

const native = require('./native')
const environment = require('./environment')
const Slab = require('./slab')
const Entry = require('./entry')
const { formatIPv4 } = require('./address')
const { ENTRY } = require('./records')

const STATE_SIZE = 192
const TABLE_ID = 64 // bytes
const SNAPSHOTS = 96 // bytes
const SNAPSHOT = 24 // bytes

const FLAGS = {
  BOOTSTRAPPED: 1,
  EPHEMERAL: 2,
  FIREWALLED: 4,
  ONLINE: 32,
  DEGRADED: 64,
  HEALTH_ONLINE: 128,
  HEALTH_DEGRADED: 256,
  NAT_HOST: 512,
  ADAPTIVE: 1024
}

const STALE = -1
const list = new Slab(256 * ENTRY) // shared: it is read as soon as it is written

// A node's state as JavaScript sees it: read at the first look of a turn, and standing still until the turn ends, an
// event of the node is delivered, or JavaScript itself changes something.
class View {
  constructor(handle) {
    this._handle = handle
    this._state = new Slab(STATE_SIZE)
    this._state.bytes.fill(0)
    this._turn = STALE
    this._frozen = false
    this._id = null
    this._generation = STALE
    this._entries = []
    this._bySerial = new Map()
    this._keepsRemoved = false
  }

  invalidate() {
    this._turn = STALE
  }

  // The node is about to go, what it was like stays.
  freeze() {
    this.entries()
    this._frozen = true
  }

  flag(flag) {
    return (this._read()[0] & flag) !== 0
  }

  get natHost() {
    const w = this._read()
    return w[0] & FLAGS.NAT_HOST ? formatIPv4(w[1]) : null
  }

  get natPort() {
    return this._read()[2]
  }

  get natSize() {
    return this._read()[3]
  }

  get cold() {
    return (this._read()[14] & 1) !== 0
  }

  get idle() {
    return (this._read()[14] & 2) !== 0
  }

  get tableId() {
    this._read()
    return this._id
  }

  // Oldest first: { responses, timeouts } and, once judged, offline and degraded.
  snapshots() {
    const length = this._read()[13]
    const snapshots = new Array(length)
    for (let i = 0; i < length; i++) snapshots[i] = this._snapshot(SNAPSHOTS + i * SNAPSHOT)
    return snapshots
  }

  // The node list, oldest first.
  entries() {
    const generation = this._read()[7]
    if (generation !== this._generation && !this._frozen) this._load(generation)
    return this._entries
  }

  // The object that stands for an entry: always the same one while the entry is in the table.
  entry(slab, at) {
    const serial = slab.words[at >> 2]
    let entry = this._bySerial.get(serial)
    if (entry === undefined) {
      entry = new Entry(this, slab, at)
      this._bySerial.set(serial, entry)
    } else {
      entry.update(slab, at)
    }
    return entry
  }

  // remove-node is listened to, and carries the object that left.
  keepRemoved() {
    this._keepsRemoved = true
  }

  forget(entry) {
    entry.unlink()
    this._bySerial.delete(entry.serial)
  }

  _read() {
    const turn = environment.turn()
    if (this._turn === turn || this._frozen) return this._state.words
    this._turn = turn
    if (native.read(this._handle, this._state.bytes) > 0) this._readId()
    return this._state.words
  }

  _readId() {
    const { bytes } = this._state
    if (this._id !== null && this._id.compare(bytes, TABLE_ID, TABLE_ID + 32) === 0) return
    this._id = this._state.copy(TABLE_ID, 32)
  }

  _load(generation) {
    let length = native.readNodes(this._handle, list.bytes)
    while (length > list.bytes.byteLength) {
      list.reserve(length)
      length = native.readNodes(this._handle, list.bytes)
    }

    const gone = new Set(this._entries)
    const entries = new Array(length / ENTRY)
    let prev = null
    for (let i = 0; i < entries.length; i++) {
      const entry = (entries[i] = this.entry(list, i * ENTRY))
      entry.link(prev)
      gone.delete(entry)
      prev = entry
    }
    for (const entry of gone) {
      entry.unlink()
      if (!this._keepsRemoved) this._bySerial.delete(entry.serial)
    }

    this._entries = entries
    this._generation = generation
  }

  _snapshot(at) {
    const { words, doubles } = this._state
    const snapshot = { responses: doubles[at >> 3], timeouts: doubles[(at >> 3) + 1] }
    const offline = words[(at >> 2) + 4]
    if (offline === 2) return snapshot
    snapshot.offline = offline === 1
    snapshot.degraded = words[(at >> 2) + 5] === 1
    return snapshot
  }
}

View.FLAGS = FLAGS

module.exports = View
