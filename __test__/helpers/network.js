const dgram = require('node:dgram')
const { once } = require('node:events')

const HOST = '127.0.0.1'

// Below the range that the system picks from, so that nobody who binds to port 0 takes one in between.
const PORTS = { from: 12000, to: 32000 }

// Time-outs short enough for tests of what happens after the last try.
const IMPATIENT = {
  adaptiveTimeout: { fallback: [150, 150, 150, 150, 150, 150], min: 150, max: 200, jitter: 1 }
}

// Where nothing counts the tries.
const HASTY = { adaptiveTimeout: { fallback: [50], min: 50, max: 60, jitter: 1 } }

module.exports = {
  HOST,
  IMPATIENT,
  HASTY,
  freePort,
  freePorts,
  hold,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress,
  port
}

function createNode(t, DHT, opts) {
  const node = new DHT({ host: HOST, bootstrap: [], ...opts })
  t.after(() => node.destroy())
  return node
}

async function createBootstrapper(t, DHT, opts) {
  const node = DHT.bootstrapper(await freePort(), HOST, { host: HOST, ...opts })
  t.after(() => node.destroy())
  await node.fullyBootstrapped()
  return node
}

// A bootstrapper of the first kind and a persistent node of every further one, joined one by one.
async function createNetwork(t, [First, ...kinds], opts) {
  const bootstrapper = await createBootstrapper(t, First, opts)
  const bootstrap = [serverAddress(bootstrapper)]
  const nodes = []

  for (const DHT of kinds) {
    const node = createNode(t, DHT, { ephemeral: false, bootstrap, ...opts })
    await node.fullyBootstrapped()
    if (node.ephemeral) throw new Error('A node of the test network did not go persistent')
    nodes.push(node)
  }

  return { bootstrapper, bootstrap, nodes, all: [bootstrapper, ...nodes] }
}

// Where others reach a node that listens on the loopback.
function serverAddress(node) {
  return { host: HOST, port: node.localAddress().port }
}

function port(node) {
  return node.localAddress().port
}

async function freePort() {
  const [first] = await freePorts(1)
  return first
}

// The first of n consecutive ports that are all free.
async function freePorts(n, { from, to } = PORTS) {
  while (true) {
    const first = from + Math.floor(Math.random() * (to - from - n))
    const ports = Array.from({ length: n }, (_, i) => first + i)
    if (await allFree(ports)) return ports
  }
}

async function allFree(ports) {
  for (const port of ports) {
    const socket = await bound(port, '0.0.0.0').catch(() => null)
    if (!socket) return false
    await close(socket)
  }
  return true
}

// Takes a port until the end of the test.
async function hold(t, port) {
  const socket = await bound(port, HOST)
  t.after(() => close(socket))
  return socket
}

async function bound(port, host) {
  const socket = dgram.createSocket('udp4')
  const listening = once(socket, 'listening')
  socket.bind({ port, address: host, exclusive: true })
  await listening
  return socket
}

function close(socket) {
  return new Promise((resolve) => socket.close(resolve))
}
