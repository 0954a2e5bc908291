'use strict'

const native = require('./native')
const asyncContext = require('./async-context')
const { now } = require('./clock')
const Slab = require('./slab')
const { packHead } = require('./record')

const SIZE = 72 * 1024 // bytes: room for a bundle, which is the most that leaves as one
const FIELDS = 24 // bytes before the datagram
const MAX_WAITING = 64 // of a bundle
const MAX_QUEUED_MS = 1 // that a datagram should wait for code that computes
const IMMEDIATE = 64 // that leave at once when others had waited for longer
const DONE = asyncContext.run(() => Promise.resolve())

// What users send by sockets of the engine's. The first datagram of a turn leaves at once; those that
// follow leave together, when the turn's code is done or they fill a bundle.
class DatagramQueue {
  constructor() {
    this._slab = null // of programs that never send several in a turn there is none
    this._end = 0
    this._count = 0
    this._began = false // this turn has sent some
    this._since = 0
    this._immediate = 0
    this._endTurnBound = this._endTurn.bind(this)
    // The process is about to end, and there may be no microtask.
    this.isLeaving = false
  }

  // To an address of IPv4. src/binding/udx/datagrams.rs documents the layout.
  send(socket, bytes, ip, port) {
    if (!this._waits(bytes.byteLength)) return native.udxSend(socket, bytes, ip, port, 0)

    const { _slab: slab, _end: at } = this
    const { words } = slab
    const i = at >> 2
    const end = at + FIELDS + bytes.byteLength
    words[i + 1] = socket
    words[i + 2] = ip
    words[i + 3] = port
    words[i + 4] = bytes.byteLength
    slab.bytes.set(bytes, at + FIELDS)
    this._end += packHead(slab, at, end, 0)
    if (++this._count === 1) this._since = now()
    else if (this._count === MAX_WAITING) this.flush()
  }

  // What else is about to happen to sockets happens after what was sent.
  flush() {
    if (this._count === 0) return
    const end = this._end
    this._end = this._count = 0
    if (now() - this._since > MAX_QUEUED_MS) this._immediate = IMMEDIATE
    native.udxSendAll(this._slab.bytes, end)
  }

  // Makes room for so many bytes, if they are to wait.
  _waits(length) {
    if (this.isLeaving) return false
    if (!this._began) {
      this._began = true
      DONE.then(this._endTurnBound)
      return false
    }
    if (this._immediate > 0) {
      this._immediate--
      return false
    }
    const size = FIELDS + length + 7
    if (this._slab === null) this._slab = new Slab(SIZE)
    if (this._end + size > SIZE) this.flush()
    return size <= SIZE
  }

  _endTurn() {
    this._began = false
    this.flush()
  }
}

module.exports = new DatagramQueue()
