// A node that stores values for the network. Start a few of them.
//   node examples/kv-store.mjs [BOOTSTRAP] [HOW_MANY_NODES]
import DHT from '../index.js' // in your own project: from 'dht-rpc'
import { GET, PUT, NOT_STORABLE, keyOf } from './kv-protocol.mjs'

const [bootstrap = '127.0.0.1:10001', count = '1'] = process.argv.slice(2)

const nodes = Array.from({ length: Number(count) }, createStore)
await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
console.log(`${nodes.length} stores are part of the network`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => nodes.forEach((node) => node.destroy()))
}

function createStore() {
  // `ephemeral: false`: others may route through this node from the start.
  const node = new DHT({ bootstrap: [bootstrap], ephemeral: false })
  const values = new Map()

  node.on('request', (req) => {
    if (req.command === GET && req.target) return req.reply(values.get(req.target.toString('hex')))
    if (req.command === PUT && req.target) return put(values, req)
    req.error(DHT.ERROR_UNKNOWN_COMMAND)
  })
  return node
}

// The lookup that precedes a commit asks without a token: it only learns who is close.
function put(values, req) {
  if (!req.token) return req.reply(null)
  // A value is stored under its own hash, so no stranger can put another one there.
  if (!req.value || !keyOf(req.value).equals(req.target)) return req.error(NOT_STORABLE)
  values.set(req.target.toString('hex'), req.value)
  req.reply(null)
}
