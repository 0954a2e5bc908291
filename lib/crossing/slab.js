'use strict'

const setBytes = Uint8Array.prototype.set

// Memory that both sides of the binding read and write: bytes, words and doubles at the same place.
module.exports = class Slab {
  constructor(size) {
    this.allocate(size)
  }

  static of(bytes) {
    const slab = new this(bytes.byteLength)
    slab.bytes.set(bytes)
    return slab
  }

  allocate(size) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.buffer = this.bytes.buffer // to ask the array for it takes a fifth of a copy
    this.words = new Uint32Array(this.buffer)
    this.doubles = new Float64Array(this.buffer)
  }

  reserve(size) {
    const { byteLength } = this.bytes
    if (size > byteLength) this.allocate((Math.max(size, 2 * byteLength) + 7) & ~7)
  }

  // Without a native call, for which small arrays would be moved out of the heap.
  equals(start, bytes) {
    for (let i = 0; i < bytes.length; i++) if (this.bytes[start + i] !== bytes[i]) return false
    return true
  }

  // A Buffer that shares its memory with its like, if it is small.
  copyPooled(start, length) {
    const out = Buffer.allocUnsafe(length)
    if (length > 0) this.bytes.copy(out, 0, start, start + length)
    return out
  }

  // A Buffer that owns its bytes exactly, so that what a user keeps pins nothing else.
  copy(start, length) {
    const out = Buffer.allocUnsafeSlow(length)
    if (length > 0) setBytes.call(out, new Uint8Array(this.buffer, start, length))
    return out
  }
}
