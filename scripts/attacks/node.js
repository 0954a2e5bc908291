'use strict'

// A process of nodes under attack. Told by messages what to do: { join, count, bootstrap, opts }, { lookups, ms, all, lanes },
// { ping, port, count }, { state }; each is answered with one message.

const crypto = require('crypto')
const { setTimeout } = require('timers/promises')
const DHT = require('../..')
const { closestOf } = require('../../__test__/helpers/ids')

const HOST = '127.0.0.1'
// A lookup succeeds if it finds that many of the true 20.
const ENOUGH = 18
// Between two lookups, in ms: as fast as they go they would fill V8's nursery, whatever the flood does.
const PAUSE = 5
const nodes = []
let peak = 0

setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 20).unref()

process.on('disconnect', () => process.exit())
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

  // Lookups of every node in turn for `ms`, so many at a time: how many, and how many found enough of the true 20 of
  // `all` ports.
  async lookups({ ms, all, lanes = 2 }) {
    const end = performance.now() + ms
    const counts = { made: 0, good: 0 }
    const lane = async (i) => {
      while (performance.now() < end) {
        const good = await isGood(nodes[i++ % nodes.length], all)
        counts.made++
        if (good) counts.good++
        await setTimeout(PAUSE)
      }
    }
    await Promise.all(Array.from({ length: lanes }, (_, i) => lane(i)))
    return counts
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
  }
}

// What is kept of a lookup is only this, so that memory is the node's.
async function isGood(node, all) {
  const target = crypto.randomBytes(32)
  const query = node.findNode(target)
  await query.finished().catch(() => {})
  const found = new Set(query.closestReplies.map((reply) => reply.from.port))
  const self = node.address().port
  const others = all.filter((port) => port !== self).map((port) => ({ host: HOST, port }))
  const nearest = closestOf(target, others)
  return nearest.filter((name) => found.has(Number(name.split(':')[1]))).length >= ENOUGH
}
