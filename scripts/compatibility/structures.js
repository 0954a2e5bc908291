'use strict'

const { show, overTime, attempt, yesNo } = require('./describe')
const { HOST } = require('./world')

const LIST = ['length', 'oldest', 'latest']
const ENTRY = [
  'id',
  'host',
  'port',
  'to',
  'sampled',
  'added',
  'pinged',
  'seen',
  'downHints',
  'prev',
  'next'
]

module.exports = {
  title: 'Table, node list, NAT sampler',
  probes: [table, list, entries, nat]
}

async function table(row, world) {
  const node = world.node({ bootstrap: [] })
  const { table } = node
  row('table.k', String(table.k))
  row('an empty table', JSON.stringify([table.size, table.random(), table.toArray()]))
  row('an empty table: get(), has()', `${table.get(table.id)}, ${table.has(table.id)}`)

  node.addNode({ host: HOST, port: 1 })
  node.addNode({ host: HOST, port: 2 })
  const { latest, oldest } = node.nodes
  row('addNode() twice: size', `${table.size}, ${node.nodes.length}`)
  row('table.get() is the object of the list', yesNo(table.get(latest.id) === latest))
  row('table.random() is one of them', yesNo([latest, oldest].includes(table.random())))
  row('table.closest() is made of them', yesNo(table.closest(latest.id)[0] === latest))
  row('table.closest(id, 1)', `${table.closest(latest.id, 1).length} of 2`)
  row('table.closest(id, 0)', `${table.closest(latest.id, 0).length} of 2`)
  row('table.toArray(): fresh', yesNo(table.toArray() !== table.toArray()))
  row('table.id owns its bytes', yesNo(table.id.buffer.byteLength === 32))
  node.addNode({ host: HOST, port: 1 })
  row('a known one again', `${table.size}, latest ${node.nodes.latest.port}`)
  row('addNode()', await attempt(() => node.addNode({ host: HOST, port: 3 })))
  await node.destroy()
  row('after destroy', String(table.size))
  row('a known one again: nodes.length', String(node.nodes.length))
  const other = world.node({ bootstrap: [] })
  const odd = { host: 'nowhere', port: 3 }
  row('addNode() of an odd host', await attempt(() => other.addNode(odd)))
}

async function list(row, world) {
  const node = world.node({ bootstrap: [] })
  const { nodes } = node
  const before = LIST.map((name) => show(nodes[name]))
  for (let port = 1; port <= 3; port++) node.addNode({ host: HOST, port })
  LIST.forEach((name, i) => {
    row(`nodes.${name}`, overTime({ empty: before[i], full: show(nodes[name]) }))
  })
  const ports = (list) => list.map(({ port }) => port).join(' ')
  row('nodes.toArray()', ports(nodes.toArray()))
  row('nodes.toArray({ reverse: true })', ports(nodes.toArray({ reverse: true })))
  for (const limit of [0, 2, -1, 0.5, null]) {
    row(`nodes.toArray({ limit: ${limit} })`, ports(nodes.toArray({ limit })))
  }
  const { oldest, latest } = nodes
  row('nodes.has()', yesNo(nodes.has(oldest) && !nodes.has({})))
  row('prev and next', `${oldest.prev}, ${oldest.next.port}, ${latest.prev.port}, ${latest.next}`)
  row('toArray()', JSON.stringify(node.toArray()))
  await node.destroy()
}

async function entries(row, world) {
  // One of its nodes does not answer.
  const impatient = { fallback: [50], min: 50, max: 60, jitter: 1 }
  const node = world.node({ adaptiveTimeout: impatient })
  const added = []
  const removed = []
  node.on('add-node', (entry) => added.push(entry))
  node.on('remove-node', (entry) => removed.push(entry))
  node.addNode({ host: HOST, port: 1 })
  const named = node.nodes.latest
  row('an entry that was named', ENTRY.map((name) => show(named[name])).join(', '))
  await node.fullyBootstrapped()

  const entry = node.nodes.latest
  row('an entry', Object.keys(entry).join(', '))
  row('an entry that was named: fields', Object.keys(named).join(', '))
  row('entry.id owns its bytes', yesNo(entry.id.buffer.byteLength === 32))
  row('entry.to', show(entry.to))
  row('add-node carries the object of the list', yesNo(added.includes(entry) && added[0] === named))
  for (const name of ['sampled', 'added', 'pinged', 'seen', 'downHints']) {
    entry[name] = 3
    row(`entry.${name}, written`, String(entry[name]))
  }
  node._tick = 500
  await node.ping(world.address)
  row('entry, live', `seen ${entry.seen}, pinged ${entry.pinged}, sampled ${entry.sampled}`)
  row('remove-node so far', String(removed.length))
}

async function nat(row, world) {
  const node = world.node({ bootstrap: [] })
  const updates = []
  node.on('nat-update', (...args) => updates.push(args))
  const { _nat: sampler } = node
  row('_nat.add(a)', JSON.stringify([sampler.add('1.2.3.4', 5), ...outcome(node)]))
  row('_nat.add(a) again', JSON.stringify([sampler.add('1.2.3.4', 5), ...outcome(node)]))
  row('_nat.add(): no event', JSON.stringify(updates))
  row('_natAdd(another port)', await attempt(() => node._natAdd('1.2.3.4', 6)))
  row('_natAdd(): at once', JSON.stringify([...outcome(node), updates]))
  row('randomized', String(node.randomized))
  node._natAdd('4.3.2.1', 6)
  row('no agreement', JSON.stringify([...outcome(node), updates.at(-1)]))
  row('randomized, then', String(node.randomized))
  for (let i = 0; i < 20; i++) node._nat.add('9.9.9.9', 9)
  row('_nat.size after 24 samples', String(node._nat.size))
  row('_nat.add(port 0)', await attempt(() => sampler.add('9.9.9.9', 0)))
  await node.destroy()
}

function outcome(node) {
  return [node._nat.host, node._nat.port, node._nat.size, node.host, node.port]
}
