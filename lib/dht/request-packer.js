'use strict'

const native = require('../crossing/native')
const outgoing = require('../crossing/outgoing')
const { parseIPv4 } = require('../common/address')

// Packs requests and replies for the binding. src/binding/dht/commands.rs documents the layout and
// unpacks it.

const REQUEST = 1
const REPLY = 2
const RELAY = 3
const SEND_DEFERRED = 4

const setBytes = Uint8Array.prototype.set

module.exports = { request, requestNow, sendDeferred, prepare, sendPrepared, reply, replyNow }

// It leaves with what else waits to cross.
function request(handle, user, to, socket, session, req) {
  outgoing.keep(REQUEST, packRequest(handle, user, to, socket, session, req), true)
}

// 0, or the number of the error for which it was refused.
function requestNow(handle, user, to, socket, session, req) {
  outgoing.submit()
  const end = packRequest(handle, user, to, socket, session, req)
  const refused = native.request(outgoing.take(REQUEST, end))
  outgoing.sendIfLeaving()
  return refused
}

// What was deferred leaves with what else waits to cross.
function sendDeferred(handle) {
  const i = outgoing.reserve(8) >> 2
  outgoing.slab.words[i + 1] = handle
  outgoing.keep(SEND_DEFERRED, 4 * i + 8, true)
}

// Registers it without sending it. What the engine knows it by is written to `slab`: its tid, its
// slot, its serial. 0, or the number of the error for which it was refused.
function prepare(handle, user, to, socket, session, req, isNamed, slab) {
  outgoing.submit()
  const end = packRequest(handle, user, to, socket, session, req)
  return native.prepare(outgoing.take(REQUEST, end), isNamed, slab.bytes)
}

// 0, or the number of the error for which it was refused.
function sendPrepared(handle, user, to, socket, req, { slot, serial }, force) {
  outgoing.submit()
  const end = packRequest(handle, user, to, socket, 0, req)
  const refused = native.sendPrepared(outgoing.take(REQUEST, end), slot, serial, force)
  outgoing.sendIfLeaving()
  return refused
}

// relay: the request is handed on, and number is its command. Otherwise it is answered, and number
// is the error.
function reply(handle, req, relay, number, value, target, token, closerNodes, to, socket) {
  const end = packReply(handle, req, number, value, target, token, closerNodes, to, socket)
  outgoing.keep(relay ? RELAY : REPLY, end, false)
}

function replyNow(handle, req, relay, number, value, target, token, closerNodes, to, socket) {
  outgoing.submit()
  const end = packReply(handle, req, number, value, target, token, closerNodes, to, socket)
  native.replyNow(outgoing.take(relay ? RELAY : REPLY, end))
}

function packRequest(handle, user, to, socket, session, req) {
  const { token, target, value } = req
  const length = value === null ? 0 : value.byteLength
  const i = outgoing.reserve(56 + 64 + length) >> 2

  const w = outgoing.slab.words
  w[i + 1] = handle
  w[i + 2] = user
  w[i + 3] =
    (token !== null ? 1 : 0) |
    (req.internal ? 2 : 0) |
    (target !== null ? 4 : 0) |
    (value !== null ? 8 : 0) |
    (req.deferred ? 16 : 0)
  w[i + 4] = to.ip
  w[i + 5] = to.port | (req.ttl << 16)
  w[i + 6] = socket
  w[i + 7] = session
  w[i + 8] = req.retries
  w[i + 9] = req.timeout
  outgoing.slab.doubles[(i + 10) >> 1] = req.command
  w[i + 12] = length
  w[i + 13] = 0
  return append(append(append(4 * i + 56, token), target), value)
}

// number: the error of a reply, the command of a relay.
function packReply(handle, req, number, value, target, token, closerNodes, to, socket) {
  const length = value === null ? 0 : value.byteLength
  const i = outgoing.reserve(40 + 32 + length) >> 2

  const w = outgoing.slab.words
  w[i + 1] = handle
  w[i + 2] =
    (token ? 1 : 0) |
    (closerNodes ? 2 : 0) |
    (target !== null ? 4 : 0) |
    (value !== null ? 8 : 0) |
    (req.internal ? 16 : 0)
  w[i + 3] = req.tid | (req.ttl << 16)
  w[i + 4] = parseIPv4(to.host)
  w[i + 5] = to.port
  w[i + 6] = socket
  w[i + 7] = length
  outgoing.slab.doubles[(i + 8) >> 1] = number
  return append(append(4 * i + 40, target), value)
}

function append(at, bytes) {
  if (bytes === null) return at
  setBytes.call(outgoing.slab.bytes, bytes, at)
  return at + bytes.byteLength
}
