'use strict'

const { formatIPv4 } = require('../common/address')

// What sockets and hubs are told. src/binding/udx/records.rs documents the layout and packs it.

const KINDS = { MESSAGE: 1, NETWORK_CHANGE: 2 }
const FIELDS = 24 // bytes before the text and the datagram

module.exports = { KINDS, readSender, readDatagram }

function readSender(slab, at) {
  const w = slab.words
  const i = at >> 2
  const family = w[i + 2] >>> 16
  const host = family === 4 ? formatIPv4(w[i + 3]) : textOf(slab, at + FIELDS, w[i + 4])
  return { host, family, port: w[i + 2] & 0xffff }
}

function readDatagram(slab, at) {
  const w = slab.words
  const i = at >> 2
  return slab.copy(at + FIELDS + w[i + 4], w[i + 5])
}

function textOf(slab, at, length) {
  return slab.bytes.toString('latin1', at, at + length)
}
