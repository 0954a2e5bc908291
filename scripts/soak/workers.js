'use strict'

// Worker threads come and go, each with nodes under load, ended in every way that there is. A node
// of the main thread serves all of them and outlives them.

const { Worker, isMainThread, workerData } = require('worker_threads')
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

const COMMAND = 1
const NODES = 2
const REPLIES = 20 // and the worker is under load

// What may be more after the last round than after the middle one. The first rounds say little: the heaps of their
// threads are given back late and in part, and the next ones take what was kept.
const BOUNDS = { heap: MB / 4, descriptors: 0, threads: 0, handles: 0 }

const WAYS = ['terminate', 'exit', 'destroy', 'throw', 'start']
const CODES = { terminate: 1, exit: 3, destroy: 0, throw: 1, start: 1 }

if (isMainThread) main(numbers({ count: 64, rounds: 4, megabytes: 12 }))
else work(workerData)

async function main(options) {
  const DHT = load(options)
  const node = new DHT({ host: HOST, bootstrap: [] })
  node.on('request', (req) => req.reply(req.value))
  await node.bind()
  const failures = []
  const middle = options.rounds >> 1
  let before = null
  const started = performance.now()
  for (let round = 0; round <= options.rounds; round++) {
    failures.push(...(await comeAndGo(options, addressOf(node))))
    await ripen()
    if (round === middle) before = usage()
  }
  const seconds = (performance.now() - started) / 1000
  const after = usage()
  await node.ping(addressOf(node))
  await node.destroy()
  failures.push(...growth(before, after, { ...BOUNDS, rss: memoryBound(options.megabytes) }))
  const workers = options.count * (options.rounds + 1)
  const last = options.count * (options.rounds - middle)
  report({ workers, last, 'at a time': options.count, seconds, before, after }, failures)
}

// All at once.
async function comeAndGo(options, to) {
  const ways = Array.from({ length: options.count }, (_, i) => WAYS[i % WAYS.length])
  const codes = await Promise.all(ways.map((way) => ended(way, to, options)))
  return codes
    .map((code, i) => ({ code, way: ways[i] }))
    .filter(({ code, way }) => code !== CODES[way])
    .map(({ code, way }) => `a worker that ends by ${way} ended with ${code}`)
}

function ended(way, to, options) {
  const data = { way, to, package: options.package }
  const worker = new Worker(__filename, { workerData: data, stderr: true })
  return new Promise((resolve) => {
    let failure = null
    worker.on('error', (err) => (failure = err.message))
    worker.on('exit', (code) => resolve(failure === null || way === 'throw' ? code : failure))
    worker.on('message', () => worker.terminate())
    if (way === 'start') worker.on('online', () => worker.terminate())
  })
}

async function work({ way, to, ...options }) {
  const DHT = load(options)
  const nodes = Array.from({ length: NODES }, () => new DHT({ host: HOST, bootstrap: [] }))
  await Promise.all(nodes.map((node) => node.bind()))
  for (const node of nodes) node.on('request', (req) => req.reply(req.value))
  let replies = 0
  let over = false
  const ask = async (from, to) => {
    while (!over) {
      await from.request({ command: COMMAND, value: Buffer.alloc(64) }, to)
      if (++replies === REPLIES) end(way, nodes, () => (over = true))
    }
  }
  for (const from of nodes)
    for (const peer of [...nodes.map(addressOf), to]) ask(from, peer).catch(noop)
}

function end(way, nodes, stop) {
  if (way === 'start') return // it is being ended
  for (const node of nodes) node.findNode(Buffer.alloc(32)).on('error', noop).resume()
  if (way === 'terminate') return require('worker_threads').parentPort.postMessage('busy')
  if (way === 'exit') process.exit(3)
  stop()
  if (way === 'destroy') return Promise.all(nodes.map((node) => node.destroy()))
  setImmediate(() => {
    throw new Error('on purpose')
  })
}

function noop() {}
