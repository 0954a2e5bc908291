'use strict'

const { field } = require('../common/field')

// The parts of a DHT instance that many nodes are never asked for: each is loaded and made at the
// first look. They can be replaced like plain fields.
module.exports = {
  stats: part('stats', (handle) => handle.stats),
  udx: part('udx', (handle) => handle.udx || new (require('../udx/udx'))()),
  table: part('table', (handle) => new (require('./table'))(handle.view)),
  io: part('io', (handle) => new (require('./io'))(handle)),
  nodes: part('nodes', (handle) => new (require('./node-list'))(handle.view)),
  health: part('health', (handle) => new (require('./health'))(handle.dht)),
  _nat: part('nat', (handle) => new (require('./nat'))(handle))
}

function part(name, make) {
  return field(
    function () {
      const handle = this._handle
      if (handle.parts[name] === null) handle.parts[name] = make(handle)
      return handle.parts[name]
    },
    function (value) {
      this._handle.parts[name] = value
    }
  )
}
