const path = require('node:path')
const { createRequire } = require('node:module')
const { MODULES, nativeTree, placeTree } = require('../../scripts/hyper-tree')
const { once } = require('./until')

// HyperDHT and Hyperswarm as npm has them, once on the reference, and once on this package as the "overrides" of a
// project would put it there. TEST_PACKAGES=native or TEST_PACKAGES=reference narrows a run to one of them.
const HOST = '127.0.0.1'

const endings = new WeakMap()
const wanted = (process.env.TEST_PACKAGES || 'native,reference').split(',')
const reference = stack('reference', MODULES)
const native = stack('native', wanted.includes('native') ? nativeTree() : MODULES)

// Who is the network, who listens, who connects. The first is the control that a test itself is right.
const mixtures = [
  { name: 'reference', network: [reference], server: reference, client: reference },
  { name: 'native', network: [native], server: native, client: native },
  { name: 'native listens', network: [reference], server: native, client: reference },
  { name: 'native connects', network: [reference], server: reference, client: native },
  { name: 'mixed network', network: [native, reference], server: native, client: reference }
].filter(isWanted)

module.exports = {
  HOST,
  stacks: [reference, native].filter(({ name }) => wanted.includes(name)),
  mixtures,
  placeTree,
  stack,
  atEnd,
  createNetwork,
  createNode,
  createSwarm,
  listen,
  echo,
  connect
}

function isWanted({ network, server, client }) {
  return [...network, server, client].every(({ name }) => wanted.includes(name))
}

function stack(name, modules) {
  const find = createRequire(path.join(modules, 'program.js'))
  return {
    name,
    modules,
    require: find,
    resolve: find.resolve,
    HyperDHT: lazy(find, 'hyperdht'),
    Hyperswarm: lazy(find, 'hyperswarm')
  }
}

function lazy(find, name) {
  return function (...args) {
    return new (find(name))(...args)
  }
}

// Persistent nodes of the given kinds in turns, joined one by one. Resolves with where to begin.
async function createNetwork(t, kinds, size = 4) {
  const nodes = []
  const bootstrap = []
  for (let i = 0; i < size; i++) {
    const node = createNode(t, kinds[i % kinds.length], bootstrap, {
      ephemeral: false,
      firewalled: false
    })
    await node.fullyBootstrapped()
    if (i === 0) bootstrap.push({ host: HOST, port: node.address().port })
    nodes.push(node)
  }
  return { nodes, bootstrap: [...bootstrap] }
}

function createNode(t, { HyperDHT }, bootstrap, opts) {
  const node = new HyperDHT({ host: HOST, bootstrap: [...bootstrap], ...opts })
  atEnd(t, () => node.destroy())
  return node
}

function createSwarm(t, kind, bootstrap, opts) {
  const dht = new kind.HyperDHT({ host: HOST, bootstrap: [...bootstrap] })
  const swarm = new kind.Hyperswarm({ dht, ...opts })
  atEnd(t, () => swarm.destroy())
  return swarm
}

async function listen(t, node, onconnection = echo, opts) {
  const server = node.createServer(opts, onconnection)
  atEnd(t, () => server.close())
  await server.listen()
  return server
}

function echo(connection) {
  connection.on('error', noop)
  connection.pipe(connection)
}

// Resolves once the encrypted stream is open. What ends it then is for who listens.
async function connect(t, node, publicKey, opts) {
  const connection = node.connect(publicKey, opts)
  atEnd(t, () => connection.destroy())
  await once(connection, 'open')
  connection.on('error', noop)
  return connection
}

// The last first: who listens takes itself off the network while that is still there.
function atEnd(t, undo) {
  if (!endings.has(t)) {
    endings.set(t, [])
    t.after(async () => {
      for (const undo of endings.get(t).reverse()) await undo()
    })
  }
  endings.get(t).push(undo)
}

function noop() {}
