'use strict'

const { show } = require('./describe')
const { HOST } = require('./world')

const EVENTS = [
  'listening',
  'ready',
  'bootstrap',
  'persistent',
  'ephemeral',
  'wakeup',
  'wake-up',
  'nat-update',
  'network-update',
  'network-change',
  'add-node',
  'remove-node',
  'suspend',
  'resume',
  'close'
]

// Names that the README gives to events of other names.
const README_ONLY = ['bootstrap', 'wake-up']

module.exports = {
  title: 'Events',
  probes: [lives, byHand, aliases]
}

// Every event of a node but the aliases, in order, with its arguments.
function record(node) {
  const seen = []
  for (const name of EVENTS.filter((name) => !README_ONLY.includes(name))) {
    node.on(name, (...args) => seen.push([name, ...args.map(show)].join(' ')))
  }
  return () => seen.splice(0).join(', ') || 'none'
}

async function lives(row, world) {
  for (const [kind, opts] of Object.entries({ adaptive: {}, persistent: { ephemeral: false } })) {
    const node = world.node(opts)
    const seen = record(node)
    await node.fullyBootstrapped()
    row(`${kind}: bootstrap`, seen())
    await node.suspend()
    row(`${kind}: suspend`, seen())
    await node.resume()
    row(`${kind}: resume`, seen())
    await node.destroy()
    row(`${kind}: destroy`, seen())
    await node.destroy()
    row(`${kind}: destroy again`, seen())
  }
  const early = world.node()
  const seen = record(early)
  await early.destroy()
  row('destroyed in the turn of new', seen())
}

async function byHand(row, world) {
  const node = await world.joined()
  const seen = record(node)
  node.addNode({ host: HOST, port: 1 })
  row('addNode()', seen())
  node.addNode({ host: HOST, port: 1 })
  row('addNode() again', seen())
  node._onwakeup()
  row('_onwakeup()', seen())
  node._onnetworkchange([])
  row('_onnetworkchange()', seen())
  const persistent = await world.persistent()
  const events = record(persistent)
  persistent._onwakeup()
  row('_onwakeup() of a persistent node that is not adaptive', events())
  const states = []
  const watched = world.node({ ephemeral: false })
  watched.on('nat-update', () => states.push(`nat-update ${show(watched.host)}`))
  watched.on('persistent', () => states.push(`persistent ${show(watched.id)}`))
  watched.on('ready', () => states.push(`ready ${watched.bootstrapped}`))
  await watched.fullyBootstrapped()
  row('what is set when it is emitted', states.join(', '))
}

async function aliases(row, world) {
  const node = world.node()
  const seen = []
  for (const name of README_ONLY) node.on(name, () => seen.push(name))
  await node.fullyBootstrapped()
  row('bootstrap, which the README names', seen.splice(0).join() || 'never')
  node._onwakeup()
  row('wake-up, which the README names', seen.splice(0).join() || 'never')
}
