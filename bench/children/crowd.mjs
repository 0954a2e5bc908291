// Nodes that join a network, 16 at a time. Options: `count`, `bootstrap`, `answers`: whether they
// answer a user's requests; `filter`: whether they have a filterNode(). Run with --expose-gc.
// Sends `boot`, the CPU of joining, and `memory`, for each node; 'idle': how many cores the nodes
// use in as many ms when nobody asks them anything; 'lookups': as many, from a client of this
// process that is not in the network, and how much they find; 'queries': see queries.mjs; 'used': the
// CPU of the process so far, in µs.
import { addressOf, DHT, filtered, join, options, timed } from './support.mjs'
import { lookUp } from './lookups.mjs'
import { answerAll, openQuerier } from './queries.mjs'

const SETTLE = 5000 // ms

const empty = await residentSet()
let nodes
const joined = await timed(async () => {
  nodes = await join(options.count, options.bootstrap)
})
const memory = ((await residentSet()) - empty) / options.count / 1000
if (options.answers) answerAll(nodes)
let querier = null
process.on('message', async ({ idle, lookups, queries, used }) => {
  if (idle) process.send(await idleFor(idle))
  if (lookups)
    process.send(await lookUp(DHT, nodes, options.bootstrap, { ...lookups, ...filtered }))
  if (queries) {
    querier ??= await openQuerier(DHT, options.bootstrap)
    process.send(await querier.run(queries))
  }
  if (used) process.send(usedSoFar())
})
process.send({
  boot: joined.cpu / options.count / 1000,
  seconds: joined.ms / 1000,
  memory,
  persistent: nodes.filter((node) => !node.ephemeral).length / options.count,
  port: addressOf(nodes[0]).port,
  bootstrap: options.bootstrap
})

async function residentSet() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage.rss()
}

function usedSoFar() {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function idleFor(ms) {
  await new Promise((resolve) => setTimeout(resolve, SETTLE))
  const { cpu, ms: took } = await timed(() => new Promise((resolve) => setTimeout(resolve, ms)))
  return { cores: cpu / 1000 / took }
}
