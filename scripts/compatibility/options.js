'use strict'

const { attempt, show, yesNo } = require('./describe')
const { HOST, freePort, silent } = require('./world')

const TARGET = Buffer.alloc(32)

// Options that a node shows as they are: what of it, and something to give.
const SHOWN = {
  concurrency: [(node) => [node.concurrency, node.config.concurrency], 3],
  maxWindow: [(node) => [node.config.maxWindow], 7],
  maxPingDelay: [(node) => [node.maxPingDelay], 123],
  sendDownHints: [(node) => [node.config.sendDownHints], false],
  downHintsRateLimit: [(node) => [node.config.downHintsRateLimit], -1],
  ephemeral: [(node) => [node.ephemeral, node.adaptive], false],
  adaptive: [(node) => [node.adaptive], false],
  firewalled: [(node) => [node.firewalled, node.io.firewalled], false]
}

const BOOTSTRAP = {
  'left out': undefined,
  false: false,
  null: null,
  'a port': [49737],
  'host:port': ['1.2.3.4:5'],
  'name:port': ['example.com:5'],
  'ip@name:port': ['1.2.3.4@example.com:5'],
  'an object': [{ host: '1.2.3.4', port: 5 }],
  'no port': ['1.2.3.4'],
  'an empty port': ['1.2.3.4:']
}

module.exports = {
  title: 'Options',
  probes: [shown, bootstrap, ports, behaviour, filters]
}

async function shown(row, { DHT }) {
  for (const [name, [read, given]] of Object.entries(SHOWN)) {
    row(`${name}, by default`, await of(DHT, {}, read))
    row(`${name}: ${given}`, await of(DHT, { [name]: given }, read))
    row(`${name}: undefined`, await of(DHT, { [name]: undefined }, read))
  }
  row('concurrency: 0', await of(DHT, { concurrency: 0 }, SHOWN.concurrency[0]))
  row('ephemeral: true', await of(DHT, { ephemeral: true }, SHOWN.ephemeral[0]))
  row('no options at all', await attempt(() => new DHT().destroy()))
}

// Nothing is sent: the node goes in the turn in which it was made.
async function of(DHT, opts, read) {
  const node = new DHT({ bootstrap: [], host: HOST, ...opts })
  const values = read(node)
  await node.destroy()
  return values.map((value) => JSON.stringify(value)).join(', ')
}

async function bootstrap(row, { DHT }) {
  for (const [name, given] of Object.entries(BOOTSTRAP)) {
    const read = async () => of(DHT, { bootstrap: given }, (node) => [node.bootstrapNodes])
    row(`bootstrap: ${name}`, await read().catch((err) => `throws "${err.message}"`))
  }
}

async function ports(row, { DHT }) {
  const range = [20000, 20010]
  row('port, by default', await of(DHT, {}, (node) => [node.io.portRange]))
  row('port: 20000', await of(DHT, { port: 20000 }, (node) => [node.io.portRange]))
  row('port: [20000, 20010]', await of(DHT, { port: range }, (node) => [node.io.portRange]))
  row(
    'port: an array, kept',
    await of(DHT, { port: range }, (node) => [node.io.portRange === range])
  )

  const port = await freePort()
  const first = new DHT({ bootstrap: [], host: HOST, port })
  await first.bind()
  row('port: a free one', yesNo(first.io.serverSocket.address().port === port))
  row('host', yesNo(first.address().host === HOST))
  row('the client socket has another port', yesNo(first.address().port !== port))

  const taken = { bootstrap: [], host: HOST, port }
  const next = new DHT(taken)
  await next.bind()
  row('port: a taken one', yesNo(next.io.serverSocket.address().port !== port))
  await next.destroy()
  await only(row, new DHT({ ...taken, anyPort: false }))
  await first.destroy()
}

// The port is taken and no other would do.
async function only(row, node) {
  const code = (err) => `rejects ${err.code}`
  let closed = 0
  node.on('close', () => closed++)
  row('anyPort: false, bind()', await node.bind().then(() => 'resolves', code))
  row('anyPort: false, ready()', await node.ready().then(() => 'resolves', code))
  row('anyPort: false, destroy()', await node.destroy().then(() => 'resolves', code))
  row('anyPort: false, close', `${closed} times`)
  // The reference leaves them behind, and the process would not end.
  clearInterval(node._tickInterval)
  node.io.networkInterfaces?.destroy()
}

async function behaviour(row, world) {
  const { DHT } = world
  const nodes = [
    { host: '127.0.0.2', port: 1 },
    { host: '127.0.0.3', port: 2 }
  ]
  row('nodes: in the table at once', await of(DHT, { nodes }, (node) => [node.toArray()]))
  row('nodes: size', await of(DHT, { nodes }, ({ table, nodes }) => [table.size, nodes.length]))

  const udx = { ...world.bootstrapper.udx }
  const asked = Object.create(world.bootstrapper.udx)
  row('udx: kept', await of(DHT, { udx: asked }, (node) => [node.udx === asked]))
  row('udx, by default', show(udx) === 'object' ? 'object' : show(world.bootstrapper.udx))

  const quick = await world.joined()
  row('quickFirewall, by default: pings sent', String(quick.stats.commands.pingNat.tx > 0))
  const slow = await world.joined({ quickFirewall: false })
  row('quickFirewall: false', String(slow.stats.commands.pingNat.tx > 0))

  const lost = await silent()
  const impatient = { fallback: [20], min: 10, max: 30, jitter: 1 }
  const node = world.node({ bootstrap: [], adaptiveTimeout: impatient })
  const started = Date.now()
  row('adaptiveTimeout', await attempt(() => node.ping(lost.address)))
  row('adaptiveTimeout: sooner', yesNo(Date.now() - started < 1000))
  await lost.close()
}

async function filters(row, world) {
  for (const name of ['filterNode', 'addNode']) {
    const seen = []
    const filter = (node) => {
      seen.push(show(node))
      return false
    }
    const node = await world.joined({ [name]: filter })
    row(`${name}: false keeps nodes away`, `${node.nodes.length} nodes`)
    row(`${name}: what it is asked about`, seen[0])
    await node.findNode(TARGET).finished()
    row(`${name}: asked again`, yesNo(seen.length > 1))
  }
  const both = { filterNode: () => true, addNode: () => false }
  const node = await world.joined(both)
  row('filterNode and addNode', `${node.nodes.length} nodes`)
}
