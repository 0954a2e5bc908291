'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const Slab = require('../crossing/slab')
const TableEntry = require('./table-entry')
const { formatIPv4 } = require('../common/address')
const { ENTRY } = require('./records')

const { serialOf, update, link, unlink } = TableEntry

const STATE_SIZE = 192
const TABLE_ID = 64 // bytes
const ID = 32 // bytes
const SNAPSHOTS = 96 // bytes
const SNAPSHOT = 24 // bytes
const WINDOW = 4 // snapshots

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
const MAX_KEPT = 1 << 16 // entries that left and whose events may still come
const NONE = []
const NO_ENTRIES = new Map()
const first = new Slab(STATE_SIZE)
const list = new Slab(256 * ENTRY) // shared: it is read as soon as it is written

// A node's state as JavaScript sees it. What it is to others (its status) advances with the
// events that tell of it; the rest is read at the first look of a turn, and stands still until the
// turn ends, an event of the node is delivered, or JavaScript itself changes something.
class View {
  constructor(handle) {
    this._handle = handle
    this._state = null
    this._turn = STALE
    this._frozen = false
    this._id = null // made of its text when somebody looks
    this._idText = ''
    this._status = 0
    this._flags = 0
    this._natHost = null
    this._natPort = 0
    this._generation = STALE
    this._entries = NONE
    this._packed = null // the entries of a frozen node that nobody looked at
    this._bySerial = NO_ENTRIES
    this._keepsRemoved = false
    this._seen = null // what is made of the entries for whoever looks
    this._window = null
    this._windowUpdates = 0

    native.read(handle, first.bytes)
    this._flags = first.words[0]
    this._stand(first.words, 0, first, TABLE_ID)
  }

  invalidate() {
    this._turn = STALE
  }

  // The node is about to go, what it was like stays.
  freeze() {
    const generation = this._read()[7]
    this._frozen = true
    if (generation === this._generation) return
    this._packed = Buffer.from(list.bytes.subarray(0, this._readNodes()))
  }

  flag(flag) {
    return (this._flags & flag) !== 0
  }

  // JavaScript wrote it. The engine says the same when its turn comes.
  setFlag(flag, on) {
    this._flags = on ? this._flags | flag : this._flags & ~flag
    this.invalidate()
  }

  get natHost() {
    return this._natHost
  }

  get natPort() {
    return this._natPort
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
    if (this._id === null) this._id = bytesOf(this._idText)
    return this._id
  }

  // The same, one character a byte: half of the memory.
  get idText() {
    return this._idText
  }

  // One that was overtaken by what a call of JavaScript's own caused says nothing new.
  onstatus(slab, at) {
    const i = (at >> 2) + 2
    const serial = slab.words[i + 3]
    if (((serial - this._status) | 0) <= 0) return
    this._status = serial
    this._stand(slab.words, i, slab, at + 24)
  }

  // How many ticks the health counted. Modulo 4 it is where the next one goes.
  get healthUpdates() {
    return this._read()[15]
  }

  // A ring of { responses, timeouts } and, once judged, offline and degraded.
  healthWindow() {
    const words = this._read()
    const length = words[13]
    const updates = words[15]
    if (this._window === null) this._window = []
    const first = updates - length
    if (length < WINDOW && first !== this._windowUpdates - this._window.length) this._window = []
    for (let n = Math.max(first, this._windowUpdates); n < updates; n++) {
      this._window[n % WINDOW] = this._snapshot(SNAPSHOTS + (n - first) * SNAPSHOT)
    }
    this._windowUpdates = updates
    return this._window
  }

  // The node list, oldest first.
  entries() {
    const generation = this._read()[7]
    if (generation !== this._generation && !this._frozen) this._load(generation, this._readNodes())
    else if (this._packed !== null) this._unpack()
    return this._seen === null ? this._entries : this._seen(this._entries)
  }

  // While `then` runs, an entry that is new is not there yet.
  hiding(entry, then) {
    this._during((entries) => entries.filter((other) => other !== entry), then)
  }

  // While `then` runs, an entry that is gone is still there.
  keeping(entry, then) {
    const at = Math.max(this._entries.indexOf(entry), 0)
    this._during((entries) => [...entries.slice(0, at), entry, ...entries.slice(at)], then)
  }

  // The object that stands for an entry: always the same one while the entry is in the table.
  entry(slab, at) {
    const serial = slab.words[at >> 2]
    let entry = this._bySerial.get(serial)
    if (entry === undefined) {
      entry = new TableEntry(this, slab, at)
      if (this._bySerial.size > MAX_KEPT) this._keepOnly(this._entries)
      if (this._bySerial === NO_ENTRIES) this._bySerial = new Map()
      this._bySerial.set(serial, entry)
    } else {
      update(entry, slab, at)
    }
    return entry
  }

  setEntry(serial, place, value) {
    native.setEntry(this._handle, serial, place, value)
    this.invalidate()
  }

  // remove-node is listened to, and carries the object that left.
  keepRemoved() {
    this._keepsRemoved = true
  }

  forget(entry) {
    unlink(entry)
    this._bySerial.delete(serialOf(entry))
  }

  // Events were dropped while JavaScript stood still: those entries would stay for ever.
  _keepOnly(entries) {
    this._bySerial = new Map(entries.map((entry) => [serialOf(entry), entry]))
  }

  _during(seen, then) {
    const before = this._seen
    this._seen = seen
    try {
      then()
    } finally {
      this._seen = before
    }
  }

  _read() {
    const turn = environment.turn()
    if (this._turn === turn || this._frozen) return this._state.words
    this._turn = turn
    if (this._state === null) this._state = new Slab(STATE_SIZE)
    native.read(this._handle, this._state.bytes)
    return this._state.words
  }

  // words[i]: flags, nat ip, nat port.
  _stand(words, i, slab, idAt) {
    this._flags = words[i] | (this._flags & FLAGS.ADAPTIVE)
    this._natHost = words[i] & FLAGS.NAT_HOST ? formatIPv4(words[i + 1]) : null
    this._natPort = words[i + 2]
    const id = slab.bytes.toString('latin1', idAt, idAt + ID)
    if (id === this._idText) return
    this._idText = id
    this._id = null
  }

  // Returns how many bytes they are.
  _readNodes() {
    let length = native.readNodes(this._handle, list.bytes)
    while (length > list.bytes.byteLength) {
      list.reserve(length)
      length = native.readNodes(this._handle, list.bytes)
    }
    return length
  }

  _unpack() {
    const { byteLength } = this._packed
    list.reserve(byteLength)
    this._packed.copy(list.bytes)
    this._packed = null
    this._load(this._state.words[7], byteLength)
  }

  _load(generation, length) {
    const gone = new Set(this._entries)
    const entries = new Array(length / ENTRY)
    let prev = null
    for (let i = 0; i < entries.length; i++) {
      const entry = (entries[i] = this.entry(list, i * ENTRY))
      link(entry, prev)
      gone.delete(entry)
      prev = entry
    }
    for (const entry of gone) {
      unlink(entry)
      if (!this._keepsRemoved) this._bySerial.delete(serialOf(entry))
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

// They own their memory: what a user keeps pins nothing else.
function bytesOf(text) {
  const bytes = Buffer.allocUnsafeSlow(ID)
  bytes.write(text, 'latin1')
  return bytes
}

View.FLAGS = FLAGS

module.exports = View
