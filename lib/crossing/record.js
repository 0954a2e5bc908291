'use strict'

// The frame of what crosses, in either direction. src/binding/crossing/pack.rs documents it.

// Bytes of the longest record: a query that ends with 20 replies of 341 closer nodes each is 276 kB.
const MAX_RECORD = 512 * 1024

const KIND_SHIFT = 24

module.exports = { MAX_RECORD, readLength, readKind, readHandle, packHead }

// Bytes of the record, with its head.
function readLength(slab, at) {
  return slab.words[at >> 2] & 0xffffff
}

function readKind(slab, at) {
  return slab.words[at >> 2] >>> KIND_SHIFT
}

// Whom it is about.
function readHandle(slab, at) {
  return slab.words[(at >> 2) + 1]
}

// The record from byte `at` to byte `end`, filled up to 8 bytes. Returns its length.
function packHead(slab, at, end, kind) {
  const length = ((end + 7) & ~7) - at
  slab.words[at >> 2] = length | (kind << KIND_SHIFT)
  return length
}
