import { createRequire } from 'node:module'
import { timed } from './support.mjs'

const require = createRequire(import.meta.url)
const { closestOf, randomTarget } = require('../../__test__/helpers/ids.js')

const HOST = '127.0.0.1'
const K = 20
const WARM_UP = 10

/**
 * Lookups of random targets by a client that is not in the network: `count` one after the other,
 * then `atOnce` at a time for `ms`.
 *
 * Resolves with the latency `p50` (ms), `cpu` (ms, of this process) and `messages` of one lookup,
 * with lookups a second (`rate`), and with how many of the true 20 closest the worst one found.
 */
export async function lookUp(DHT, nodes, bootstrap, { count, atOnce = 0, ms = 0, filterNode }) {
  const client = new DHT({ host: HOST, bootstrap: [bootstrap], adaptive: false, filterNode })
  await client.fullyBootstrapped()
  for (let i = 0; i < WARM_UP; i++) await find(client, randomTarget())

  const sequential = await oneByOne(client, count, addresses(nodes, bootstrap))
  const rate = atOnce > 0 ? await together(client, atOnce, ms) : undefined
  await client.destroy()
  return { ...sequential, rate }
}

async function oneByOne(client, count, all) {
  const targets = Array.from({ length: count }, () => randomTarget())
  const queries = []
  const latencies = []
  const sent = client.stats.requests.total
  const { cpu } = await timed(async () => {
    for (const target of targets) {
      const start = performance.now()
      queries.push(await find(client, target))
      latencies.push(performance.now() - start)
    }
  })
  const found = queries.map(({ closestNodes }, i) => {
    const truth = new Set(closestOf(targets[i], all, K))
    return closestNodes.filter(({ host, port }) => truth.has(`${host}:${port}`)).length
  })
  return {
    p50: latencies.sort((a, b) => a - b)[count >> 1],
    cpu: cpu / count / 1000,
    messages: (client.stats.requests.total - sent) / count,
    found: Math.min(...found)
  }
}

async function together(client, atOnce, ms) {
  let done = 0
  const start = performance.now()
  const lane = async () => {
    while (performance.now() - start < ms) {
      await find(client, randomTarget())
      done++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (done / (performance.now() - start)) * 1000
}

async function find(client, target) {
  const query = client.findNode(target)
  await query.finished()
  return query
}

function addresses(nodes, bootstrap) {
  const own = nodes.map((node) => ({ host: HOST, port: node.localAddress().port }))
  return [bootstrap, ...own]
}
