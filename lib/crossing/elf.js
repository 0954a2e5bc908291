'use strict'

const fs = require('fs')

const MAGIC = 0x7f454c46
const CLASS_64 = 2
const BIG_ENDIAN = 2
const LOAD = 1
const DYNAMIC = 2
const INTERPRETER = 3
const NEEDED = 1 // tags of the dynamic section
const STRINGS = 5

// Bytes that are read at most, whatever the file says of itself.
const HEADER = 64
const MAX_SEGMENTS = 64 * 1024
const MAX_DYNAMIC = 16 * 1024
const MAX_NAME = 4096

// Where fields are, by the width of addresses: the file's header, a segment's, a dynamic entry.
const FIELDS = {
  32: { at: 28, size: 42, count: 44, offset: 4, address: 8, length: 16, segment: 32, entry: 8 },
  64: { at: 32, size: 54, count: 56, offset: 8, address: 16, length: 32, segment: 56, entry: 16 }
}

module.exports = { readInterpreter, readLibrary }

// The path of a program's loader. null: it has none, it is no program of Linux, it is damaged, or it
// may not be read.
function readInterpreter(file) {
  return read(file, (elf) => elf.interpreter())
}

// What a library of Linux says of itself: { bits, machine, needed }, the last being the names of the
// libraries that it needs. null: it is none, it is damaged, or it may not be read.
function readLibrary(file) {
  return read(file, (elf) => ({ bits: elf.bits, machine: elf.machine, needed: elf.needed() }))
}

function read(file, look) {
  let fd = -1
  try {
    fd = fs.openSync(file, 'r')
    return look(new Elf(fd))
  } catch {
    return null
  } finally {
    if (fd !== -1) fs.closeSync(fd)
  }
}

// Throws where the file is not what it says.
class Elf {
  constructor(fd) {
    this._fd = fd
    const header = this._read(0, HEADER)
    if (header.readUInt32BE(0) !== MAGIC) throw new Error('not an ELF file')
    this.bits = header[4] === CLASS_64 ? 64 : 32
    this._isBig = header[5] === BIG_ENDIAN
    this._fields = FIELDS[this.bits]
    this.machine = this._half(header, 18)
    this._segments = this._readSegments(header)
  }

  interpreter() {
    const found = this._segments.find(({ type }) => type === INTERPRETER)
    return (found && textOf(this._read(found.offset, found.length, MAX_NAME))) || null
  }

  needed() {
    const found = this._segments.find(({ type }) => type === DYNAMIC)
    if (!found) return []
    const { entry } = this._fields
    const table = this._read(found.offset, found.length, MAX_DYNAMIC)
    const names = []
    let strings = 0
    for (let i = 0; i + entry <= table.byteLength; i += entry) {
      const tag = this._word(table, i)
      const value = this._word(table, i + entry / 2)
      if (tag === NEEDED) names.push(value)
      if (tag === STRINGS) strings = value
    }
    return names.map((at) => textOf(this._read(this._placeOf(strings) + at, MAX_NAME)))
  }

  _readSegments(header) {
    const { at, size, count, offset, address, length, segment } = this._fields
    const step = this._half(header, size)
    if (step < segment) return []
    const table = this._read(this._word(header, at), step * this._half(header, count), MAX_SEGMENTS)
    const segments = []
    for (let i = 0; i + segment <= table.byteLength; i += step) {
      segments.push({
        type: this._int(table, i),
        offset: this._word(table, i + offset),
        address: this._word(table, i + address),
        length: this._word(table, i + length)
      })
    }
    return segments
  }

  // Where in the file lies what is loaded at this address.
  _placeOf(address) {
    const isThere = (s) => s.type === LOAD && address >= s.address && address - s.address < s.length
    const segment = this._segments.find(isThere)
    if (!segment) throw new Error('an address outside of the file')
    return address - segment.address + segment.offset
  }

  _read(at, length, max = length) {
    if (!Number.isSafeInteger(at)) throw new Error('a place outside of the file')
    const bytes = Buffer.alloc(Math.min(length, max))
    return bytes.subarray(0, fs.readSync(this._fd, bytes, 0, bytes.byteLength, at))
  }

  _half(bytes, at) {
    return this._isBig ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)
  }

  _int(bytes, at) {
    return this._isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
  }

  _word(bytes, at) {
    if (this.bits === 32) return this._int(bytes, at)
    return Number(this._isBig ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at))
  }
}

function textOf(bytes) {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end === -1 ? bytes.byteLength : end)
}
