'use strict'

// Queries are left half-way in every way that there is. None of them holds anything afterwards.

const { setTimeout: sleep } = require('timers/promises')
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

const options = numbers({ count: 2000 })
const DHT = load(options)

const NODES = 20
const WARM_UP = 1000
const AT_ONCE = 100
const GC_AFTER = 20 // waits of 1 ms
const PATIENCE = 10_000 // ms, longer than the last try of a request takes
const BOUNDS = { rss: memoryBound(8), heap: MB / 4, descriptors: 0, threads: 0, handles: 0 }

const WAYS = [
  // Never read.
  (query) => {},
  // Left in the midst of a loop.
  async (query) => {
    for await (const reply of query) if (reply) break
  },
  // Destroyed at once, or when the first row came.
  (query) => query.destroy(),
  (query) => query.once('data', () => query.destroy()),
  // Read and forgotten.
  (query) => query.resume(),
  // Its first row is taken, and it is never read again.
  (query) => query.once('readable', () => query.read()),
  // Its session is dropped.
  (query, session) => {
    query.resume()
    session.destroy()
  }
]

main()

async function main() {
  const { nodes, client } = await network()
  await abandon(Math.max(WARM_UP, options.count / 4), client)
  await quiet(client)
  const before = usage()
  const started = performance.now()
  await abandon(options.count, client)
  const seconds = (performance.now() - started) / 1000
  const left = await quiet(client)
  const after = usage()
  await client.ping(addressOf(nodes[0]))
  await Promise.all([client, ...nodes].map((node) => node.destroy()))
  const failures = growth(before, after, BOUNDS)
  for (const [name, number] of Object.entries(left)) {
    if (number > 0) failures.push(`${number} ${name} are left`)
  }
  report({ queries: options.count, seconds, before, after, ...left }, failures)
}

async function network() {
  const entry = new DHT({ host: HOST, bootstrap: [], ephemeral: false, firewalled: false })
  await entry.bind()
  entry._natAdd(HOST, addressOf(entry).port)
  const bootstrap = [addressOf(entry)]
  const nodes = [entry]
  while (nodes.length < NODES) nodes.push(new DHT({ host: HOST, bootstrap, ephemeral: false }))
  await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
  for (const node of nodes) node.on('request', (req) => answer(req))
  const client = new DHT({ host: HOST, bootstrap, ephemeral: true })
  await client.fullyBootstrapped()
  return { nodes, client }
}

// One reply of seven never comes in time.
function answer(req) {
  if (req.target[0] % 7 === 0) setTimeout(() => req.reply(req.value), 100).unref()
  else req.reply(req.value)
}

async function abandon(count, client) {
  for (let i = 0; i < count; i++) {
    leave(i, client)
    // Those that were forgotten end when V8 has collected them, which it does not hurry to do.
    for (let waits = 1; client.stats.queries.active > AT_ONCE; waits++) {
      if (waits % GC_AFTER === 0) globalThis.gc()
      await sleep(1)
    }
  }
}

function leave(i, client) {
  const session = client.session()
  const target = Buffer.alloc(32, i)
  const commit = i % 3 === 0
  const opts = { session: i % 2 === 0 || i % WAYS.length === 6 ? session : undefined, commit }
  const query = client.query({ target, command: 1, value: Buffer.alloc(64) }, opts)
  query.on('error', () => {})
  Promise.resolve(WAYS[i % WAYS.length](query, session)).catch(() => {})
}

// Resolves with what is still active when nothing changes any more.
async function quiet(client) {
  const deadline = performance.now() + PATIENCE
  const active = () => client.stats.queries.active + client.stats.requests.active
  while (active() > 0 && performance.now() < deadline) await ripen()
  await ripen()
  const { queries, requests } = client.stats
  return { 'active queries': queries.active, 'active requests': requests.active }
}
