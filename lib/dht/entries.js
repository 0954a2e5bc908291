'use strict'

const native = require('../crossing/native')
const check = require('../common/check')
const { parseIPv4 } = require('../common/address')
const { internalsOf } = require('../common/internals')
const { idOf } = require('./node-id')
const { serialOf } = require('./table-entry')

// Changes a node's table and list by hand: who is in the one is in the other as well.

module.exports = { find, enter, drop, touch }

// The entry of the table that a node is, or null.
function find(handle, node) {
  const known = internalsOf(node)
  if (known === undefined) return null
  return handle.view.entries().find((entry) => internalsOf(entry) === known) || null
}

// false: it has no place, or cannot have this id at this address.
function enter(handle, node) {
  const { id, host, port } = check.object(node, 'node')
  const ip = parseIPv4(host)
  if (handle.gone || ip === -1 || !check.isPort(port) || !isIdOf(id, ip, port)) return false
  const entrance = native.enterNode(handle.flushed(), ip, port)
  handle.changed()
  return entrance !== 0
}

// notify: the node emits `remove-node`, to whoever listens.
function drop(handle, entry, notify) {
  if (handle.gone) return false
  const dropped = native.dropEntry(handle.flushed(), serialOf(entry), notify)
  handle.changed()
  if (!notify) handle.view.forget(entry)
  return dropped
}

// It is the one that was heard from last.
function touch(handle, entry) {
  if (handle.gone) return
  native.touchEntry(handle.flushed(), serialOf(entry))
  handle.changed()
}

function isIdOf(id, ip, port) {
  if (id === undefined || id === null) return true
  return check.isBytes(id) && idOf(ip, port).equals(id)
}
