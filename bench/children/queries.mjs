import { timed } from './support.mjs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { randomTarget } = require('../../__test__/helpers/ids.js')

const HOST = '127.0.0.1'
const COMMAND = 0
const VALUE = Buffer.from('hello')
const BREAK_AFTER = 5 // rows

/** What the tutorial does with a query. Each resolves with the replies that it saw. */
const WAYS = {
  async finished(client) {
    const query = client.query({ target: randomTarget(), command: COMMAND })
    await query.finished()
    return query.successes
  },
  async iterate(client) {
    let rows = 0
    for await (const reply of client.query({ target: randomTarget(), command: COMMAND })) {
      rows += reply.value ? 1 : 0
    }
    return rows
  },
  async commit(client) {
    const message = { target: randomTarget(), command: COMMAND, value: VALUE }
    const query = client.query(message, { commit: true })
    await query.finished()
    return query.successes
  },
  async leave(client) {
    let rows = 0
    for await (const reply of client.query({ target: randomTarget(), command: COMMAND })) {
      if (reply.value && ++rows === BREAK_AFTER) break
    }
    return rows
  }
}

/** Nodes that answer as those of the tutorial do. */
export function answerAll(nodes) {
  for (const node of nodes) node.on('request', (req) => req.reply(VALUE))
}

/** A client that is not in the network; `run({ way, count })` makes queries one after the other. */
export async function openQuerier(DHT, bootstrap) {
  const client = new DHT({ host: HOST, bootstrap: [bootstrap], adaptive: false })
  await client.fullyBootstrapped()
  return { run: ({ way, count }) => run(client, WAYS[way], count) }
}

// Of one query: `p50` and `cpu` of this process in ms, replies seen, nodes asked.
async function run(client, way, count) {
  const latencies = []
  const sent = client.stats.requests.total
  let replies = 0
  const { cpu } = await timed(async () => {
    for (let i = 0; i < count; i++) {
      const start = performance.now()
      replies += await way(client)
      latencies.push(performance.now() - start)
    }
  })
  return {
    p50: latencies.sort((a, b) => a - b)[count >> 1],
    cpu: cpu / count / 1000,
    replies: replies / count,
    visits: (client.stats.requests.total - sent) / count
  }
}
