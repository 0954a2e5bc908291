'use strict'

// A process of nodes under attack. Told by messages what to do: { join, count, bootstrap, opts }, { lookups, ms },
// { ping, count }, { state }, { end }; each is answered with one message.

const crypto = require('crypto')
const DHT = require('../..')

const HOST = '127.0.0.1'
const nodes = []
let peak = 0

setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20).unref()

process.on('message', async (message) => {
  const [name] = Object.keys(message)
  process.send(await acts[name](message))
})

const acts = {
  // Persistent nodes, one after the other; every command of a user's is answered.
  async join({ count, bootstrap, opts }) {
    for (let i = 0; i < count; i++) {
      const node = bootstrap
        ? new DHT({ host: HOST, bootstrap: [bootstrap], ephemeral: false, ...opts })
        : DHT.bootstrapper(12000 + Math.floor(Math.random() * 20000), HOST, { host: HOST })
      node.on('request', (req) => req.reply(req.value))
      await node.fullyBootstrapped()
      nodes.push(node)
    }
    return nodes.map((node) => node.address().port)
  },

  // Lookups of every node in turn for `ms`; what they found is judged by who knows all nodes.
  async lookups({ ms }) {
    const results = []
    const end = performance.now() + ms
    const lane = async (i) => {
      while (performance.now() < end) {
        const target = crypto.randomBytes(32)
        const start = performance.now()
        const node = nodes[i++ % nodes.length]
        const query = node.findNode(target)
        await query.finished().catch(() => {})
        const found = query.closestReplies.map((reply) => reply.from.port)
        const self = node.address().port
        results.push({ self, target: target.toString('hex'), found, ms: performance.now() - start })
      }
    }
    await Promise.all([lane(0), lane(1)])
    return results
  },

  // Sequential pings; null is no answer.
  async ping({ port, count }) {
    const times = []
    for (let i = 0; i < count; i++) {
      const start = performance.now()
      const answered = await nodes[0].ping({ host: HOST, port }, { retry: false }).then(
        () => true,
        () => false
      )
      times.push(answered ? performance.now() - start : null)
    }
    return times
  },

  state() {
    if (global.gc) global.gc()
    const rss = process.memoryUsage.rss()
    const before = peak
    peak = rss
    return {
      rss,
      peak: before,
      tables: nodes.map((node) => node.toArray().map(({ port }) => port))
    }
  },

  async end() {
    await Promise.all(nodes.map((node) => node.destroy()))
    setImmediate(() => process.disconnect())
    return null
  }
}
