'use strict'

const HEAD = 3
const LONGEST = 66 * 1024 // bytes of a frame that is held until it is whole

// Cuts what comes into frames: a length of 3 bytes, little-endian, and as many bytes. Each is handed on
// whole, with its head; of longer ones the pieces are, as they come.
module.exports = class Frames {
  constructor() {
    this._held = []
    this._bytes = 0
    this._passing = 0 // bytes of a long frame that are still to come
  }

  // deliver(buffer)
  push(buffer, deliver) {
    let at = 0
    while (at < buffer.byteLength) {
      const end = this._endOf(buffer, at)
      const piece = buffer.subarray(at, end)
      at = end
      if (this._passing > 0) this._pass(piece, deliver)
      else this._hold(piece, deliver)
    }
  }

  // What is left of a frame that will not be whole any more.
  rest(deliver) {
    if (this._bytes > 0) deliver(this._take())
  }

  // Where the frame ends whose next byte is at `at`, or its head, or the buffer.
  _endOf(buffer, at) {
    if (this._passing > 0) return Math.min(buffer.byteLength, at + this._passing)
    const begin = at - this._bytes
    const known = this._bytes + buffer.byteLength - at
    if (known < HEAD) return buffer.byteLength
    if (this._bytes > 0 && this._bytes < HEAD) return begin + HEAD
    const length = this._bytes === 0 ? lengthAt(buffer, at) : this._length()
    return Math.min(buffer.byteLength, begin + HEAD + length)
  }

  _pass(piece, deliver) {
    this._passing -= piece.byteLength
    deliver(piece)
  }

  _hold(piece, deliver) {
    this._held.push(piece)
    this._bytes += piece.byteLength
    if (this._bytes < HEAD) return
    const missing = HEAD + this._length() - this._bytes
    if (missing > 0 && this._bytes + missing <= LONGEST) return
    this._passing = missing
    deliver(this._take())
  }

  // The head is in one piece, see _endOf(), but for one that came byte by byte.
  _length() {
    if (this._held[0].byteLength < HEAD) this._held = [Buffer.concat(this._held)]
    return lengthAt(this._held[0], 0)
  }

  _take() {
    const whole = this._held.length === 1 ? this._held[0] : Buffer.concat(this._held)
    this._held = []
    this._bytes = 0
    return whole
  }
}

function lengthAt(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)
}
