'use strict'

// A node offered 200 000 requests a second for 10 s, in a network of honest nodes: what it and they still find and how
// fast, whom they keep in their tables, what it takes of memory, and how soon it serves as before. Four processes: the
// node, the honest ones, one that does nothing but look when the node serves again, and bench/load, which floods.

const { fork, execFile } = require('child_process')
const { once } = require('events')
const path = require('path')
const { promisify } = require('util')
const { median } = require('../median')
const { FLAGS, MB } = require('../soak/support')

const HONEST = 40
const CALM = 4000 // ms of the same lookups before the flood
const AFTER = 1000 // ms of lookups after the flood
const HOST = '127.0.0.1'

module.exports = { flood }

// The node's handler computes for `work` ms.
async function flood({ load, request, rate, ms, hosts, opts, work = 0 }) {
  const honest = new Process()
  const watcher = new Process()
  const victim = new Process()
  try {
    const [first] = await honest.ask({ join: 1, count: 1 })
    const bootstrap = { host: HOST, port: first }
    const others = await honest.ask({ join: 1, count: HONEST - 1, bootstrap })
    const [port] = await victim.ask({ join: 1, count: 1, bootstrap, opts, work })
    const [watching] = await watcher.ask({ join: 1, count: 1, bootstrap })
    const all = [...new Set([...others, port, first, watching])]
    const calm = typical(await watcher.ask({ ping: 1, port, count: 200 }))
    const look = (ms) => [victim, honest].map((nodes) => nodes.ask({ lookups: 1, ms, all }))
    const inCalm = await Promise.all(look(CALM))
    const before = await states(victim, honest)

    const args = ['flood', `${HOST}:${port}`, request, rate, ms, hosts].map(String)
    const flooding = async () => {
      const { stdout } = await promisify(execFile)(load, args)
      return { sent: JSON.parse(stdout), recovered: await serviceIsBack(watcher, port, calm) }
    }
    const [{ sent, recovered }, ...inFlood] = await Promise.all([flooding(), ...look(ms)])
    const end = await victim.ask({ state: 1 })
    const later = await victim.ask({ lookups: 1, ms: AFTER, all })
    const after = await states(victim, honest)
    const [own, theirs] = inFlood.map((lookups, i) => compared(lookups, ms, inCalm[i]))
    return {
      offered: Math.round(sent.sent / sent.seconds),
      own,
      theirs,
      later: { share: later.good / later.made, made: later.made },
      ...losses(before, after),
      calmPeak: before[0].peak / MB,
      start: before[0].rss / MB,
      memory: (end.peak - before[0].rss) / MB,
      recovered
    }
  } finally {
    await Promise.all([victim, honest, watcher].map((process) => process.end()))
  }
}

function states(...processes) {
  return Promise.all(processes.map((process) => process.ask({ state: 1 })))
}

// Lookups of `ms`, beside those of the same nodes in calm.
function compared({ made, good }, ms, calm) {
  return { share: good / made, made, calm: Math.round((calm.made * ms) / CALM) }
}

// Entries of all tables before the flood, those that are gone after it, and those of them of the flooded node.
function losses(before, after) {
  const tables = (states) => states.flatMap((state) => state.tables)
  const now = tables(after)
  const gone = tables(before).map((table, i) => table.filter((known) => !now[i].includes(known)))
  const count = (lists) => lists.flat().length
  return {
    known: count(tables(before)),
    removed: count(gone),
    ownKnown: count(before[0].tables),
    ownRemoved: count(gone.slice(0, 1))
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
    this._child = fork(path.join(__dirname, 'node.js'), { execArgv: FLAGS })
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
