'use strict'

const { show, overTime, yesNo } = require('./describe')
const { HOST } = require('./world')

const FIELDS = [
  'serverSocket',
  'clientSocket',
  'portRange',
  '_tid',
  'stats',
  'firewalled',
  'ephemeral',
  'suspended',
  'udx',
  'table'
]

module.exports = {
  title: 'Sockets and counters',
  probes: [overLife, sockets, counters]
}

async function overLife(row, world) {
  const node = world.node({ ephemeral: false })
  const { io } = node
  const moments = { 'when made': read(io) }
  io.bind()
  moments.bound = read(io)
  await node.fullyBootstrapped()
  moments.bootstrapped = read(io)
  await node.destroy()
  moments.destroyed = read(io)
  for (const name of FIELDS) {
    const values = Object.entries(moments).map(([moment, values]) => [moment, values[name]])
    row(`io.${name} over time`, overTime(Object.fromEntries(values)))
  }
  row('io.inflight.length', `${typeof io.inflight.length} ${io.inflight.length}`)
  row('io.inflight: the same object', yesNo(io.inflight === io.inflight))
  row('io.stats: the same object', yesNo(io.stats === io.stats))
  row('io.stats.requests is stats.requests', yesNo(io.stats.requests === node.stats.requests))
  const { ping, pingNat, findNode, downHint } = node.stats.commands
  const own = [ping, pingNat, findNode, downHint]
  row('io.stats.commands', show(io.stats.commands))
  row(
    'io.stats.commands are those of stats',
    yesNo(own.every((command, i) => command === io.stats.commands[i]))
  )
}

function read(io) {
  return Object.fromEntries(FIELDS.map((name) => [name, show(io[name])]))
}

async function sockets(row, world) {
  const node = world.node()
  await node.bind()
  const { serverSocket, clientSocket } = node.io
  row('socket while firewalled', yesNo(node.socket === clientSocket))
  row('serverSocket.address()', show(serverSocket.address()))
  row('serverSocket.address().family', String(serverSocket.address().family))
  row('serverSocket: the same object', yesNo(serverSocket === node.io.serverSocket))
  const ports = [serverSocket.address().port, clientSocket.address().port]
  await node.suspend()
  row('suspended: serverSocket stays', yesNo(node.io.serverSocket === serverSocket))
  await node.resume()
  row('resumed: serverSocket is another', yesNo(node.io.serverSocket !== serverSocket))
  const again = [node.io.serverSocket.address().port, node.io.clientSocket.address().port]
  row('resumed: the same ports', yesNo(ports.join() === again.join()))

  node.io.firewalled = false
  node.firewalled = false
  row('firewalled, both written: socket', yesNo(node.socket === node.io.serverSocket))
  node.io._tid = 100
  node.ping(world.address).catch(() => {})
  row('io._tid, written', String(node.io._tid))
  await node.destroy()
}

async function counters(row, world) {
  const node = world.node({ bootstrap: [] })
  await node.fullyBootstrapped()
  row('stats', show(node.stats))
  row('stats.queries', JSON.stringify({ ...node.stats.queries, total: 0 }))
  row('stats.requests', JSON.stringify(node.stats.requests))
  row('stats.commands', JSON.stringify(node.stats.commands))
  for (const [group, names] of Object.entries({
    queries: ['active', 'total'],
    requests: ['active', 'total', 'responses', 'timeouts', 'retries']
  })) {
    for (const name of names) {
      const before = node.stats[group][name]
      node.stats[group][name] += 5
      row(`stats.${group}.${name} += 5`, `+ ${node.stats[group][name] - before}`)
    }
  }
  node.stats.commands.ping.tx = 7
  row('stats.commands.ping.tx = 7', String(node.stats.commands.ping.tx))
  const { total } = node.stats.requests
  await node.ping({ host: HOST, port: world.address.port })
  row('then a ping', `${node.stats.commands.ping.tx}, + ${node.stats.requests.total - total}`)
}
