'use strict'

const Slab = require('../crossing/slab')

// Packs queries for the binding. src/binding/dht/commands.rs documents the layout and unpacks it.

const slab = new Slab(8192)
const setBytes = Uint8Array.prototype.set

const CONTACT = 40
const PRESENT = 0x10000

module.exports = { packQuery }

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
