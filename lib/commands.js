'use strict'

const Slab = require('./slab')
const { parseIPv4 } = require('./address')

// Packs what goes to the binding. src/binding/commands.rs documents the layout and unpacks it.

const slab = new Slab(8192)
const setBytes = Uint8Array.prototype.set

const CONTACT = 40
const PRESENT = 0x10000

module.exports = { packRequest, packReply, packQuery }

function packRequest(user, to, socket, session, req) {
  const { token, target, value } = req
  const length = value === null ? 0 : value.byteLength
  slab.reserve(48 + 64 + length)

  const w = slab.words
  w[0] = user
  w[1] =
    (token !== null ? 1 : 0) |
    (req.internal ? 2 : 0) |
    (target !== null ? 4 : 0) |
    (value !== null ? 8 : 0)
  w[2] = to.ip
  w[3] = to.port | (req.ttl << 16)
  w[4] = socket
  w[5] = session
  w[6] = req.retries
  w[7] = req.timeout
  slab.doubles[4] = req.command
  w[10] = length
  w[11] = 0

  append(append(append(48, token), target), value)
  return slab.bytes
}

// relay: a request is handed on, and number is its command. Otherwise it is answered, and number is
// the error.
function packReply(req, relay, number, value, token, closerNodes, to, socket) {
  const { target } = req
  const length = value === null ? 0 : value.byteLength
  slab.reserve(32 + 32 + length)

  const w = slab.words
  w[0] =
    (relay ? 1 : 0) |
    (token ? 0x100 : 0) |
    (closerNodes ? 0x200 : 0) |
    (target !== null ? 0x400 : 0) |
    (value !== null ? 0x800 : 0) |
    (req.internal ? 0x1000 : 0)
  w[1] = req.tid | (req.ttl << 16)
  w[2] = parseIPv4(to.host)
  w[3] = to.port
  w[4] = socket
  w[5] = length
  slab.doubles[3] = number

  append(append(32, target), value)
  return slab.bytes
}

// nodes: [{ ip, port, id }] or null.
function packQuery(query, flags, commit, session, nodes) {
  const { target, value } = query
  const length = value === null ? 0 : value.byteLength
  const count = nodes === null ? 0 : nodes.length
  slab.reserve(80 + length + 8 + count * CONTACT)

  const w = slab.words
  w[0] = flags | (value !== null ? 2 : 0) | (nodes !== null ? 32 : 0)
  w[1] = query.concurrency
  w[2] = query.retries
  w[3] = commit
  w[4] = session
  w[5] = count
  w[6] = length
  w[7] = 0
  slab.doubles[4] = query.command

  let at = append(append(40, target), value)
  at = (at + 7) & ~7
  for (let i = 0; i < count; i++) {
    const { ip, port, id } = nodes[i]
    w[at >> 2] = ip
    w[(at >> 2) + 1] = port | (id !== null ? PRESENT : 0)
    if (id !== null) append(at + 8, id)
    at += CONTACT
  }
  return slab.bytes
}

function append(at, bytes) {
  if (bytes === null) return at
  setBytes.call(slab.bytes, bytes, at)
  return at + bytes.byteLength
}
