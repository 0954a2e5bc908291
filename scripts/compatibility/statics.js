'use strict'

const { EventEmitter } = require('events')
const { attempt, show, yesNo } = require('./describe')
const { HOST, freePort } = require('./world')
const { entriesOf } = require('./source')

module.exports = {
  title: 'Statics',
  probes: [statics]
}

async function statics(row, { DHT }) {
  class Subclass extends DHT {}

  row('entries of the package', entriesOf(DHT).join(', '))
  row('DHT', `class ${DHT.name}/${DHT.length}`)
  row('DHT extends EventEmitter', yesNo(DHT.prototype instanceof EventEmitter))
  row('DHT.DEFAULTS', JSON.stringify(DHT.DEFAULTS))
  row('DHT.DEFAULTS, inherited', yesNo(Subclass.DEFAULTS === DHT.DEFAULTS))
  row('DHT.DEFAULTS, written to', await written(DHT))
  row('DHT.DEFAULTS of a subclass', await ofSubclass(DHT))
  for (const name of ['OK', 'ERROR_UNKNOWN_COMMAND', 'ERROR_INVALID_TOKEN']) {
    row(`DHT.${name}, inherited`, yesNo(Subclass[name] === DHT[name]))
  }

  const refused = {
    'without port': [],
    'port 0': [0, HOST],
    'without host': [1],
    'host 0.0.0.0': [1, '0.0.0.0'],
    'host ::': [1, '::'],
    'host is a name': [1, 'localhost']
  }
  for (const [name, args] of Object.entries(refused)) {
    row(`DHT.bootstrapper, ${name}`, await attempt(() => DHT.bootstrapper(...args)))
  }
  await bootstrapper(row, Subclass)
}

async function bootstrapper(row, Subclass) {
  const port = await freePort()
  const events = []
  class Listening extends Subclass {
    constructor(opts) {
      super(opts)
      this.on('nat-update', () => events.push('nat-update'))
      this.on('persistent', () => events.push('persistent'))
    }
  }
  const node = Listening.bootstrapper(port, HOST, { host: HOST })
  row('DHT.bootstrapper of a subclass makes the subclass', yesNo(node instanceof Listening))
  row('bootstrapper: host and port at once', yesNo(node.host === HOST && node.port === port))
  row('bootstrapper: id at once', show(node.id))
  row('bootstrapper: _nat.size at once', String(node._nat.size))
  await node.fullyBootstrapped()
  row('bootstrapper: id later', show(node.id))
  row('bootstrapper: remoteAddress()', show(node.remoteAddress()))
  row('bootstrapper: events', events.join(', '))
  await node.destroy()
}

// New nodes take the changed number, but for maxWindow.
async function written(DHT) {
  const before = { ...DHT.DEFAULTS }
  Object.assign(DHT.DEFAULTS, { concurrency: 3, maxWindow: 4, maxPingDelay: 5 })
  const node = new DHT({ bootstrap: [], host: HOST })
  const { concurrency, maxWindow } = node.config
  const seen = { concurrency, maxWindow, maxPingDelay: node.maxPingDelay }
  Object.assign(DHT.DEFAULTS, before)
  await node.destroy()
  return JSON.stringify(seen)
}

async function ofSubclass(DHT) {
  class Own extends DHT {
    static DEFAULTS = { ...DHT.DEFAULTS, concurrency: 3 }
  }
  const node = new Own({ bootstrap: [], host: HOST })
  const { concurrency } = node
  await node.destroy()
  return `its nodes have concurrency ${concurrency}`
}
