'use strict'

// Nodes are created, used in every way, and destroyed. What the process holds stays flat.

const {
  MB,
  HOST,
  numbers,
  load,
  addressOf,
  usage,
  ripen,
  growth,
  report,
  memoryBound
} = require('./support')

const options = numbers({ count: 500 })
const DHT = load(options)

const SERVERS = 3
const VALUE = Buffer.alloc(200, 7)
const TARGET = Buffer.alloc(32, 7)

// Allocators, caches and compiled code grow to their size first.
const WARM_UP = 1000

// Pages that the allocators keep; a leak of 1 kB a cycle is over it in the long run.
const BOUNDS = { rss: memoryBound(4), heap: MB / 4, descriptors: 0, threads: 0, handles: 0 }

main()

async function main() {
  const servers = await network()
  await cycles(Math.max(WARM_UP, options.count / 5), servers)
  await ripen()
  const before = usage()
  const started = performance.now()
  await cycles(options.count, servers)
  const seconds = (performance.now() - started) / 1000
  await ripen()
  const after = usage()
  await Promise.all(servers.map((node) => node.destroy()))
  report({ cycles: options.count, seconds, before, after }, growth(before, after, BOUNDS))
}

async function network() {
  const first = DHT.bootstrapper(await freePort(), HOST, { host: HOST })
  await first.fullyBootstrapped()
  const servers = [first]
  for (let i = 1; i < SERVERS; i++) {
    servers.push(new DHT({ host: HOST, bootstrap: [addressOf(first)], ephemeral: false }))
    await servers[i].fullyBootstrapped()
  }
  for (const node of servers) node.on('request', (req) => req.reply(req.value))
  return servers
}

async function cycles(count, servers) {
  for (let i = 0; i < count; i++) await cycle(i, servers)
}

async function cycle(i, servers) {
  const bootstrap = servers.map(addressOf)
  const node = new DHT({ host: HOST, bootstrap, ephemeral: true })
  node.on('request', (req) => req.reply(null))
  node.on('add-node', () => {})
  await node.fullyBootstrapped()

  await node.ping(bootstrap[0])
  await node.request({ command: 1, value: VALUE }, bootstrap[1])
  const session = node.session()
  await session.request({ command: 1, target: TARGET }, bootstrap[2])
  for await (const reply of node.findNode(TARGET)) if (i % 2 === 0 && reply) break
  if (i % 4 === 0) {
    await node.query({ command: 1, target: TARGET, value: VALUE }, { commit: true }).finished()
  }
  if (i % 4 === 1) {
    await node.suspend()
    await node.resume()
  }
  if (i % 4 === 2) node.request({ command: 1 }, { host: HOST, port: 9 }).catch(() => {})
  if (i % 4 === 3)
    node
      .query({ command: 1, target: TARGET })
      .resume()
      .on('error', () => {})
  await node.destroy()
}

// Bound for a moment and free again.
async function freePort() {
  const node = new DHT({ host: HOST, bootstrap: [] })
  await node.bind()
  const { port } = addressOf(node)
  await node.destroy()
  return port
}
