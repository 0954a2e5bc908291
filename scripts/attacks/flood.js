'use strict'

// A node offered 200 000 requests a second for 10 s, in a network of honest nodes: what it and they still find, what it
// keeps of them, what it takes of memory, and how soon it serves as before. Four processes: the node, the honest ones,
// one that does nothing but look when the node serves again, and bench/load, which floods.

const { fork, execFile } = require('child_process')
const { once } = require('events')
const path = require('path')
const { promisify } = require('util')
const { median } = require('../median')

const HONEST = 40
// V8 lets its nursery grow, up to 48 MB, with what survives a collection: that is, with lookups under way. It gets its
// full size before the flood, and what memory grows by is the flood's.
const WARM_UP = 4000 // ms
const WARM_UP_LANES = 64
const AFTER = 1000 // ms of lookups after the flood
const HOST = '127.0.0.1'

module.exports = { flood }

async function flood({ load, request, rate, ms, hosts, opts }) {
  const honest = new Process()
  const watcher = new Process()
  const victim = new Process()
  try {
    const [first] = await honest.ask({ join: 1, count: 1 })
    const bootstrap = { host: HOST, port: first }
    const others = await honest.ask({ join: 1, count: HONEST - 1, bootstrap })
    const [port] = await victim.ask({ join: 1, count: 1, bootstrap, opts })
    const [watching] = await watcher.ask({ join: 1, count: 1, bootstrap })
    const all = [...new Set([...others, port, first, watching])]
    const calm = typical(await watcher.ask({ ping: 1, port, count: 200 }))
    await victim.ask({ lookups: 1, ms: WARM_UP, all, lanes: WARM_UP_LANES })
    const before = await victim.ask({ state: 1 })

    const args = ['flood', `${HOST}:${port}`, request, rate, ms, hosts].map(String)
    const flooding = async () => {
      const { stdout } = await promisify(execFile)(load, args)
      return { sent: JSON.parse(stdout), recovered: await serviceIsBack(watcher, port, calm) }
    }
    const [own, theirs, { sent, recovered }] = await Promise.all([
      victim.ask({ lookups: 1, ms, all }),
      honest.ask({ lookups: 1, ms, all }),
      flooding()
    ])
    const after = await victim.ask({ state: 1 })
    const later = await victim.ask({ lookups: 1, ms: AFTER, all })
    const kept = before.tables[0].filter((known) => after.tables[0].includes(known))
    return {
      offered: Math.round(sent.sent / sent.seconds),
      own: own.good / own.made,
      ownLookups: own.made,
      theirs: theirs.good / theirs.made,
      theirLookups: theirs.made,
      later: later.good / later.made,
      laterLookups: later.made,
      removed: before.tables[0].length - kept.length,
      known: before.tables[0].length,
      memory: (Math.max(after.peak, after.rss) - before.rss) / 2 ** 20,
      recovered
    }
  } finally {
    await Promise.all([victim, honest, watcher].map((process) => process.end()))
  }
}

// The ms until 20 pings in a row are answered, within ten times what they take in calm.
async function serviceIsBack(watcher, port, calm) {
  const over = performance.now()
  for (let round = 0; round < 100; round++) {
    const times = await watcher.ask({ ping: 1, port, count: 20 })
    if (times.every((time) => time !== null) && typical(times) < 10 * calm) {
      return performance.now() - over
    }
  }
  return Infinity
}

// Of those that were answered.
function typical(times) {
  return median(times.filter((time) => time !== null))
}

class Process {
  constructor() {
    this._child = fork(path.join(__dirname, 'node.js'), { execArgv: ['--expose-gc'] })
    this._ended = once(this._child, 'exit').then(() => {
      throw new Error('a process of nodes ended')
    })
    this._ended.catch(() => {})
    this._child.on('error', () => {})
  }

  async ask(message) {
    const answer = once(this._child, 'message')
    this._child.send(message)
    const [what] = await Promise.race([answer, this._ended])
    return what
  }

  async end() {
    this._child.kill('SIGKILL')
  }
}
