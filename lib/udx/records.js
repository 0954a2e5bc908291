'use strict'

const { formatIPv4 } = require('../common/address')

// What sockets and hubs are told. src/binding/udx/records.rs documents the layout and packs it.

const KINDS = {
  MESSAGE: 1,
  NETWORK_CHANGE: 2,
  DATA: 3,
  BYTES_WAIT: 4,
  END: 5,
  STREAM_MESSAGE: 6,
  ACKED: 7,
  REMOTE_CHANGED: 8,
  FIREWALL: 9,
  HANDLED: 10,
  CLOSED: 11
}
const HEAD = 8 // bytes before the fields
const FIELDS = 24 // bytes before the text and the datagram

const FIGURES = 13
const REASONS = [null, 'ECONNRESET', 'ETIMEDOUT', 'ERR_UDX_CRASHED']

module.exports = {
  KINDS,
  readSender,
  readDatagram,
  readBytes,
  readAcked,
  readMark,
  readSocket,
  readReason,
  readFigures
}

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

// Of a stream: data, or a message.
function readBytes(slab, at) {
  return slab.copyPooled(at + HEAD + 4, slab.words[(at + HEAD) >> 2])
}

function readAcked(slab, at) {
  return slab.doubles[(at + HEAD) >> 3]
}

function readMark(slab, at) {
  return slab.doubles[((at + HEAD) >> 3) + 1]
}

// The hub's number of the socket that a packet came by.
function readSocket(slab, at) {
  return slab.words[(at >> 2) + 5]
}

// The code of the error that closed a stream, or null.
function readReason(slab, at) {
  return REASONS[slab.words[(at + HEAD) >> 2]]
}

function readFigures(slab, at) {
  const i = ((at + HEAD) >> 3) + 1
  return Array.from(slab.doubles.subarray(i, i + FIGURES))
}

function textOf(slab, at, length) {
  return slab.bytes.toString('latin1', at, at + length)
}
