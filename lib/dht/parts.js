'use strict'

const { field } = require('../common/field')
const { internalsOf } = require('../common/internals')
const { lazily } = require('../common/lazily')

const UDX = lazily(() => require('../udx/udx'))
const Table = lazily(() => require('./table'))
const IO = lazily(() => require('./io'))
const NodeList = lazily(() => require('./node-list'))
const Health = lazily(() => require('./health'))
const Nat = lazily(() => require('./nat'))

// The parts of a DHT instance that many nodes are never asked for: each is made at the first
// look. They can be replaced like plain fields.
module.exports = {
  stats: part('stats', (handle) => handle.stats),
  udx: part('udx', (handle) => handle.udx || UDX().ofNode(handle)),
  table: part('table', (handle) => new (Table())(handle)),
  io: part('io', (handle) => new (IO())(handle)),
  nodes: part('nodes', (handle) => new (NodeList())(handle)),
  health: part('health', (handle) => new (Health())(handle.dht)),
  _nat: part('nat', (handle) => new (Nat())(handle))
}

function part(name, make) {
  return field(
    function () {
      const handle = internalsOf(this)
      if (handle.parts[name] === null) handle.ownParts[name] = make(handle)
      return handle.parts[name]
    },
    function (value) {
      internalsOf(this).ownParts[name] = value
    }
  )
}
