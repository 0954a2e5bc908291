// A bootstrap node: the one address that everybody else has to know.
//   node examples/bootstrap-node.mjs [PORT] [HOST]
import DHT from '../index.js' // in your own project: from 'dht-rpc'

const [port = '10001', host = '127.0.0.1'] = process.argv.slice(2)

// HOST is how others reach this machine; the socket itself listens on the `host` option (0.0.0.0 if left out).
const node = DHT.bootstrapper(Number(port), host, { host })
await node.fullyBootstrapped()
console.log(`bootstrap node on ${host}:${node.address().port}`)

node.on('add-node', ({ host, port }) => console.log(`heard of ${host}:${port}`))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => node.destroy())
