'use strict'

// A process of nodes under attack. Told by messages what to do: { join, count, bootstrap, opts, work }, { lookups, ms, all },
// { ping, port, count }, { state }; each is answered with one message.

const crypto = require('crypto')
const fs = require('fs')
const { setTimeout } = require('timers/promises')
const DHT = require('../..')
const spin = require('../../__test__/helpers/spin')
const { closestOf, idOf } = require('../../__test__/helpers/ids')

const HOST = '127.0.0.1'
// A lookup succeeds if it finds that many of the true 20.
const ENOUGH = 18
const LANES = 2
const PAUSE = 5 // ms between two lookups of a lane
const nodes = []

process.on('disconnect', () => process.exit())
process.on('message', async (message) => {
  const [name] = Object.keys(message)
  process.send(await acts[name](message))
})

const acts = {
  // Persistent nodes, one after the other; every command of a user's is answered, after `work` ms of computing.
  async join({ count, bootstrap, opts, work = 0 }) {
    for (let i = 0; i < count; i++) {
      const node = bootstrap
        ? new DHT({ host: HOST, bootstrap: [bootstrap], ephemeral: false, ...opts })
        : DHT.bootstrapper(12000 + Math.floor(Math.random() * 20000), HOST, { host: HOST })
      node.on('request', (req) => {
        if (work > 0) spin(work)
        req.reply(req.value)
      })
      await node.fullyBootstrapped()
      nodes.push(node)
    }
    return nodes.map((node) => node.address().port)
  },

  // Lookups of every node in turn for `ms`: how many, and how many found enough of the true 20 of `all` ports.
  async lookups({ ms, all }) {
    const end = performance.now() + ms
    const known = all.map((port) => ({ host: HOST, port, id: idOf({ host: HOST, port }) }))
    const counts = { made: 0, good: 0 }
    const lane = async (i) => {
      while (performance.now() < end) {
        const good = await isGood(nodes[i++ % nodes.length], known)
        counts.made++
        if (good) counts.good++
        await setTimeout(PAUSE)
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)))
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

  // Bytes, and whom each node knows. The peak is that since the last call, at any moment.
  state() {
    const before = peak()
    global.gc()
    fs.writeFileSync('/proc/self/clear_refs', '5')
    return {
      rss: process.memoryUsage.rss(),
      peak: before,
      tables: nodes.map((node) => node.toArray().map(({ port }) => port))
    }
  }
}

function peak() {
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  return Number(/^VmHWM:\s*(\d+)/m.exec(status)[1]) * 1024
}

// What is kept of a lookup is only this, so that memory is the node's.
async function isGood(node, known) {
  const target = crypto.randomBytes(32)
  const query = node.findNode(target)
  await query.finished().catch(() => {})
  const found = new Set(query.closestNodes.map((from) => from.port))
  const self = node.address().port
  const others = known.filter(({ port }) => port !== self)
  const nearest = closestOf(target, others)
  return nearest.filter((name) => found.has(Number(name.split(':')[1]))).length >= ENOUGH
}
