'use strict'

const { field } = require('./field')

// The parts of a DHT instance that many nodes are never asked for: each is loaded and made at the
// first look. They can be replaced like plain fields.
module.exports = {
  stats: part('stats', (engine) => engine.stats),
  udx: part('udx', (engine) => engine.udx || new (require('./udx'))()),
  table: part('table', (engine) => new (require('./table'))(engine.view)),
  io: part('io', (engine) => new (require('./io'))(engine)),
  nodes: part('nodes', (engine) => new (require('./node-list'))(engine.view)),
  health: part('health', (engine) => new (require('./health'))(engine.dht)),
  _nat: part('nat', (engine) => new (require('./nat'))(engine))
}

function part(name, make) {
  return field(
    function () {
      const engine = this._engine
      if (engine.parts[name] === null) engine.parts[name] = make(engine)
      return engine.parts[name]
    },
    function (value) {
      this._engine.parts[name] = value
    }
  )
}
