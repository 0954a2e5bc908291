'use strict'

// What happens to nodes that are walked: whatever has members is shown at moments at which they
// have something to say, and whatever is emitted is provoked once.

const { once } = require('events')
const { HOST, silent } = require('../world')

const TARGET = Buffer.alloc(32, 7)
const SOON = { fallback: [20], min: 10, max: 30, jitter: 1 }
const NOWHERE = '127.0.0.9'

// Replies and time-outs of a tick.
const HEALTHY = [10, 0]
const OFFLINE = [0, 8]

// Each with a network of its own.
module.exports = [tables, replies, life, congestion, requests, queries, states, sockets, streams]

// A bucket that is full, and an old node that does not answer.
async function tables(world, look) {
  look('DHT (class)', world.DHT)
  const node = await world.joined({ adaptiveTimeout: SOON })
  node.addNode({ host: NOWHERE, port: 1 })
  look('entry', node.nodes.latest, node.nodes.oldest)
  look('DHT', node)
  const removed = once(node, 'remove-node')
  for (let port = 2; port <= 100; port++) {
    node.addNode({ host: NOWHERE, port })
    node._tick += 5
  }
  look('DHT', node)
  await removed
  look('toArray()[]', node.toArray()[0])
}

async function replies(world, look) {
  const node = await world.joined()
  look('reply', await node.ping(world.address))
  look('DHT', node)
  const { port } = (await world.joined()).io.serverSocket.address()
  look('reply', await node.ping({ host: HOST, port })) // of one without an id
  const query = node.findNode(TARGET)
  await query.finished()
  look('reply', query.closestReplies[0])
}

async function life(world, look) {
  const lost = await silent()
  const opts = { ephemeral: false, adaptiveTimeout: {}, nodes: [world.address] }
  const node = world.node(opts)
  look('DHT', node)
  node.bind()
  look('DHT', node)
  await node.fullyBootstrapped()
  look('DHT', node)
  for (const name of ['address', 'localAddress', 'remoteAddress']) look(`${name}()`, node[name]())
  look('rttStats()', await node.rttStats())

  const session = node.session()
  const pending = Promise.allSettled([session.ping(lost.address), node.ping(lost.address)])
  look('Session', session)
  look('DHT', node)
  await node.suspend()
  look('Session', session)
  look('DHT', node)
  const failures = await pending
  look('DHTError', failures[0].reason)
  await node.resume()
  look('DHT', node)
  const [found] = node.udx.networkInterfaces()
  look('udx.networkInterfaces()[]', found)
  look('udx.lookup()', await node.udx.lookup(HOST))
  await node.destroy()
  look('DHT', node)
  await lost.close()
}

async function congestion(world, look) {
  const lost = await silent()
  const node = world.node({ bootstrap: [], maxWindow: 2 })
  await node.fullyBootstrapped()
  const session = node.session()
  const pings = Array.from({ length: 5 }, () => session.ping(lost.address))
  const settled = Promise.allSettled(pings)
  look('DHT', node)
  session.destroy()
  await settled
  await lost.close()
}

async function requests(world, look) {
  const server = await world.persistent()
  const client = await world.persistent()
  const to = { host: HOST, port: server.localAddress().port }
  look('DHT', server)
  server.on('request', (req) => {
    look('Request, received', req)
    req.reply(req.value)
    look('Request, received', req)
  })
  const { token } = await client.request({ command: 5 }, to)
  const message = { command: 5, target: TARGET, value: Buffer.from('v'), token }
  const asked = client.request(message, to)
  look('DHT', client)
  look('reply', await asked)
  const stranger = await world.joined()
  await stranger.request({ command: 5 }, to)
}

async function queries(world, look) {
  const lost = await silent()
  const node = await world.persistent()
  const peer = await world.persistent()
  peer.on('request', (req) => req.reply(null))
  const query = node.query({ target: TARGET, command: 5 }, { commit: true })
  look('Query', query)
  query.once('data', () => look('Query', query))
  await query.finished()
  look('Query', query)

  const session = node.session()
  const broken = node.findNode(TARGET, { nodes: [lost.address], session })
  broken.resume()
  await new Promise(setImmediate)
  look('Session', session)
  look('Query', broken)
  broken.on('error', () => {})
  broken.destroy(new Error('enough'))
  await new Promise((resolve) => broken.once('close', resolve))
  look('Query', broken)
  await lost.close()
}

async function states(world, look) {
  const node = await world.joined()
  look('DHT', node)
  for (const what of [HEALTHY, HEALTHY, HEALTHY, HEALTHY, HEALTHY, OFFLINE, OFFLINE, HEALTHY]) {
    tick(node, what)
  }
  look('DHT', node)
  node._stableTicks = 1
  const persistent = once(node, 'persistent')
  node._ontick()
  await persistent
  node._onwakeup()
  node._onnetworkchange(node.udx.networkInterfaces())
  node.io.networkInterfaces?._onevent?.()
}

// One of the user's, from before it is bound until after it is closed, and one of a node's.
async function sockets(world, look) {
  const node = await world.joined()
  const { udx } = node
  const [socket, peer] = [udx.createSocket(), udx.createSocket()]
  look('UDXSocket', socket)
  look('UDXSocket.toJSON()', socket.toJSON())
  peer.bind(0, HOST)
  socket.bind(0, HOST)
  look('UDXSocket', socket)
  look('UDXSocket.toJSON()', socket.toJSON())
  const came = once(socket, 'message')
  await peer.send(Buffer.from('hello'), socket.address().port)
  look('UDXSocket, sender of a message', (await came)[1])
  await Promise.all([socket.close(), peer.close()])
  look('UDXSocket', socket)
  const watcher = udx.watchNetworkInterfaces()
  look('NetworkInterfaces', watcher)
  look('UDX', udx)
  await watcher.destroy()
}

// Two streams, one of them on its way to another socket, and what is left of both.
async function streams(world, look) {
  const { udx } = await world.joined()
  const firewall = () => false
  const [a, b] = [1, 2].map((id) => udx.createStream(id, { firewall }))
  look('UDXStream', a)
  look('UDXStream.toJSON()', a.toJSON())
  const [socket, other, peer] = [0, 1, 2].map(() => udx.createSocket())
  for (const each of [socket, other, peer]) each.bind(0, HOST)
  a.connect(socket, 2, peer.address().port)
  b.connect(peer, 1, socket.address().port)
  b.resume()

  const came = once(b, 'message')
  a.trySend(Buffer.from('hello'))
  await came
  a.write('on its way')
  await null
  const changed = a.changeRemote(other, 2, peer.address().port)
  look('UDXStream', a)
  look('UDXStream.toJSON()', a.toJSON())
  look('UDXSocket', socket)
  await changed
  a.resume()
  const closed = [a, b].map((stream) => once(stream, 'close'))
  a.end()
  b.end()
  await Promise.all(closed)
  look('UDXStream', a)
  await Promise.all([socket, other, peer].map((each) => each.close()))
}

function tick(node, [responses, timeouts]) {
  node.stats.requests.responses += responses
  node.stats.requests.timeouts += timeouts
  node.health.update()
}
