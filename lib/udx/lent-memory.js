'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')

const CHUNK = 64 * 1024
const KEPT = 2 // chunks that the engine has to write into
const MOST = 64 // where it had none, it gets more, up to a stream's window
const WORTH = CHUNK / 2 // bytes of a chunk for which the reader gets all of it
const SHIFT = 2 ** 20 // see udx_stream_take

// Memory that the engine writes what comes for streams into: the reader gets it as it is.
class LentMemory {
  constructor() {
    this._chunks = new Map()
    this._last = 0
    this._opening = 0 // of the environment that they were lent to
    this._wanted = KEPT
  }

  // The bytes of the stream's oldest record that says that some wait; null if there are none.
  take(stream) {
    const taken = native.udxStreamTake(stream)
    if (taken === 0) return null
    const length = taken % SHIFT
    const id = (taken - length) / SHIFT
    const bytes = id === 0 ? this._copied(length) : this._written(id, length)
    this._lend()
    return bytes
  }

  // The engine had no memory to write them into.
  _copied(length) {
    if (this._chunks.size >= this._wanted && this._wanted < MOST) this._wanted *= 2
    const bytes = Buffer.allocUnsafeSlow(length)
    native.udxStreamCopy(bytes)
    return bytes
  }

  _written(id, length) {
    const chunk = this._chunks.get(id)
    if (length >= WORTH) {
      this._chunks.delete(id)
      return length === CHUNK ? chunk : chunk.subarray(0, length)
    }
    const bytes = Buffer.allocUnsafeSlow(length)
    chunk.copy(bytes, 0, 0, length)
    native.udxGiveChunk(environment.number, id, chunk)
    return bytes
  }

  _lend() {
    const { number, openings } = environment
    if (openings !== this._opening) this._chunks.clear()
    this._opening = openings
    while (this._chunks.size < this._wanted) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK)
      this._chunks.set(++this._last, chunk)
      native.udxGiveChunk(number, this._last, chunk)
    }
  }
}

module.exports = new LentMemory()
