'use strict'

const CloserNodes = require('./closer-nodes')
const { subject } = require('./subject')
const { formatIPv4 } = require('../common/address')

// Reads what comes from the binding. src/binding/dht/records.rs documents the layout and packs it.

const PRESENT = 0x10000

// Bytes of an entry.
const ENTRY = 72

// What w[0] of a record says it is.
const KINDS = {
  REQUEST: 1,
  RESPONSE: 2,
  FAILURE: 3,
  QUERY_ROW: 4,
  QUERY_COMMIT: 5,
  QUERY_END: 6,
  READY: 7,
  PERSISTENT: 8,
  EPHEMERAL: 9,
  WAKEUP: 10,
  NAT_UPDATE: 11,
  NETWORK_UPDATE: 12,
  NODE_ADDED: 13,
  NODE_REMOVED: 14,
  NETWORK_CHANGE: 15,
  BOOTSTRAP_WANTED: 16,
  VERDICT: 17,
  SEND: 18,
  NETWORK_STATE: 19,
  CRASHED: 20,
  STATUS: 22,
  QUERY_PROGRESS: 23,
  REQUEST_VERDICT: 24,
  ALARM: 25,
  REQUEST_SEEN: 26,
  REPLY_SEEN: 27,
  TIMED_OUT: 28,
  TRY_ENDED: 29,
  BUCKET_GAINED: 30,
  BUCKET_LOST: 31,
  BUCKET_FULL: 32,
  LOOKUP_WANTED: 33
}

module.exports = {
  KINDS,
  ENTRY,
  readRequest,
  readReply,
  readSender,
  replySerial,
  replyLength,
  readSubjects,
  readAddress,
  optionalAddress,
  readInFlight,
  inFlightLength,
  readNode
}

function readRequest(slab, at, req) {
  const w = slab.words
  const i = at >> 2
  const flags = w[i + 2] >>> 16
  const ports = w[i + 4]
  const from = { id: null, host: formatIPv4(w[i + 3]), port: ports & 0xffff }

  req.tid = w[i + 2] & 0xffff
  req.from = from
  req.to = { id: null, host: formatIPv4(w[i + 5]), port: ports >>> 16 }
  req.command = slab.doubles[(at + 32) >> 3]

  let next = at + 40
  if (flags & 1) {
    from.id = slab.copy(next, 32)
    next += 32
  }
  if (flags & 2) {
    req.token = slab.copy(next, 32)
    next += 32
  }
  if (flags & 8) {
    req.target = slab.copy(next, 32)
    next += 32
  }
  if (flags & 16) req.value = slab.copy(next, w[i + 7])
  return req
}

function readReply(slab, at) {
  const w = slab.words
  const i = at >> 2
  const flags = w[i] >>> 16
  const ports = w[i + 3]
  const from = readSender(slab, at)
  const reply = {
    tid: w[i] & 0xffff,
    rtt: w[i + 1],
    from,
    to: { id: null, host: formatIPv4(w[i + 4]), port: ports >>> 16 },
    token: null
  }

  let next = at + (flags & 1 ? 72 : 40)
  if (flags & 2) {
    reply.token = slab.copy(next, 32)
    next += 32
  }
  const count = w[i + 5] & 0xffff
  if (flags & 4) CloserNodes.lend(reply, slab, next, count, w[i + 5] >>> 16)
  else reply.closerNodes = null
  next += 8 * count
  reply.error = slab.doubles[(at + 32) >> 3]
  reply.value = flags & 16 ? slab.copy(next, w[i + 6]) : null
  return reply
}

// Who sent the reply.
function readSender(slab, at) {
  const w = slab.words
  const i = at >> 2
  const id = w[i] & 0x10000 ? slab.copy(at + 40, 32) : null
  return { id, host: formatIPv4(w[i + 2]), port: w[i + 3] & 0xffff }
}

// The same number is the same reply.
function replySerial(slab, at) {
  return slab.words[(at >> 2) + 7]
}

function replyLength(slab, at) {
  const w = slab.words
  const i = at >> 2
  const flags = w[i] >>> 16
  const ids = (flags & 1 ? 32 : 0) + (flags & 2 ? 32 : 0)
  return (40 + ids + 8 * (w[i + 5] & 0xffff) + w[i + 6] + 7) & ~7
}

// A request in flight; its socket and its session are numbers, 0 for none.
function readInFlight(slab, at) {
  const w = slab.words
  const i = at >> 2
  const flags = w[i + 3] >>> 16
  const request = {
    key: { slot: w[i], serial: w[i + 1] },
    user: w[i + 2],
    tid: w[i + 3] & 0xffff,
    to: { id: null, host: formatIPv4(w[i + 4]), port: w[i + 5] & 0xffff },
    token: null,
    internal: (flags & 4) !== 0,
    command: slab.doubles[(at + 48) >> 3],
    target: null,
    value: null,
    ttl: w[i + 5] >>> 16,
    socket: w[i + 6],
    session: w[i + 7],
    sent: w[i + 8],
    retries: w[i + 9],
    timeout: w[i + 10]
  }

  let next = at + 56
  const bytes32 = () => slab.copy((next += 32) - 32, 32)
  if (flags & 1) request.to.id = bytes32()
  if (flags & 2) request.token = bytes32()
  if (flags & 8) request.target = bytes32()
  if (flags & 16) request.value = slab.copy(next, w[i + 11])
  return request
}

function inFlightLength(slab, at) {
  const i = at >> 2
  const flags = slab.words[i + 3] >>> 16
  const count = (flags & 1) + ((flags >> 1) & 1) + ((flags >> 3) & 1)
  return (56 + 32 * count + slab.words[i + 11] + 7) & ~7
}

// A node that is no entry of the table.
function readNode(slab, at) {
  const w = slab.words
  const i = at >> 2
  return {
    id: slab.copy(at + 40, 32),
    port: w[i + 2],
    host: formatIPv4(w[i + 1]),
    to: optionalAddress(slab, i + 3, null),
    sampled: w[i + 5] | 0,
    added: w[i + 6] | 0,
    pinged: w[i + 7] | 0,
    seen: w[i + 8] | 0,
    downHints: w[i + 9],
    prev: null,
    next: null
  }
}

// Whom the filter is asked about.
function readSubjects(slab, at, count) {
  const subjects = new Array(count)
  for (let n = 0, i = at >> 2; n < count; n++, i += 2) {
    const port = slab.words[i + 1]
    subjects[n] = subject(slab.words[i], port & 0xffff, (port & PRESENT) !== 0)
  }
  return subjects
}

function readAddress(slab, i) {
  return { id: null, host: formatIPv4(slab.words[i]), port: slab.words[i + 1] & 0xffff }
}

// known: what was read there before, kept if it still says the same.
function optionalAddress(slab, i, known) {
  if (!(slab.words[i + 1] & PRESENT)) return null
  const port = slab.words[i + 1] & 0xffff
  const host = formatIPv4(slab.words[i])
  return known !== null && known.port === port && known.host === host
    ? known
    : { id: null, host, port }
}
