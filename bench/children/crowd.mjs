// Nodes that join a network, 16 at a time. Options: `count`, `bootstrap`. Run with --expose-gc.
// Sends `boot`, the CPU of joining, and `memory`, for each node; 'idle': how many cores the nodes
// use in as many ms when nobody asks them anything; 'lookups': as many, from a client of this
// process that is not in the network, and how much they find.
import { addressOf, DHT, join, options, timed } from './support.mjs'
import { lookUp } from './lookups.mjs'

const SETTLE = 5000 // ms

const empty = await residentSet()
let nodes
const joined = await timed(async () => {
  nodes = await join(options.count, options.bootstrap)
})
const memory = ((await residentSet()) - empty) / options.count / 1000
process.on('message', async ({ idle, lookups }) => {
  if (idle) process.send(await idleFor(idle))
  if (lookups) process.send(await lookUp(DHT, nodes, options.bootstrap, lookups))
})
process.send({
  boot: joined.cpu / options.count / 1000,
  seconds: joined.ms / 1000,
  memory,
  persistent: nodes.filter((node) => !node.ephemeral).length / options.count,
  port: addressOf(nodes[0]).port
})

async function residentSet() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage.rss()
}

async function idleFor(ms) {
  await new Promise((resolve) => setTimeout(resolve, SETTLE))
  const { cpu, ms: took } = await timed(() => new Promise((resolve) => setTimeout(resolve, ms)))
  return { cores: cpu / 1000 / took }
}
