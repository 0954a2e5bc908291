// slow: each of many worker threads has a network

const { test } = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { run } = require('./helpers/child')

const WORKERS = 25

// Each worker runs a small network under load and says when it is busy.
const WORKER = `
const { workerData, parentPort } = require('node:worker_threads')
const DHT = require(workerData.path)
const HOST = '127.0.0.1'
const nodes = Array.from({ length: 3 }, () => new DHT({ host: HOST, bootstrap: [] }))
const to = (node) => ({ host: HOST, port: node.localAddress().port })
let replies = 0

async function main() {
  await Promise.all(nodes.map((node) => node.bind()))
  for (const node of nodes) node.on('request', (req) => req.reply(req.value))
  if (workerData.ends === 'destroy') return idle()
  for (const from of nodes) for (const node of nodes) ask(from, node)
}

async function ask(from, node) {
  while (true) {
    await from.request({ command: 1, value: Buffer.alloc(64) }, to(node))
    if (++replies === 30) busy()
  }
}

function busy() {
  for (const node of nodes) node.findNode(Buffer.alloc(32)).resume()
  if (workerData.ends === 'exit') process.exit(3)
  parentPort.postMessage('busy')
}

async function idle() {
  await nodes[0].ping(to(nodes[1]))
  for (const node of nodes) await node.destroy()
}

main()
`

const MAIN = `
const { Worker } = require('node:worker_threads')
const path = process.argv[1]
const [ends, count, source] = [process.argv[2], Number(process.argv[3]), process.argv[4]]
const codes = []

async function main() {
  for (let i = 0; i < count; i += 5) {
    const workers = Array.from({ length: Math.min(5, count - i) }, () =>
      new Worker(source, { eval: true, workerData: { path, ends } }))
    codes.push(...(await Promise.all(workers.map(ended))))
  }
  if (ends === 'terminate') await stillWorks()
  console.log(JSON.stringify(codes))
}

function ended(worker) {
  return new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', resolve)
    worker.on('message', () => worker.terminate())
  })
}

// The main thread's own nodes are none of the workers' business.
async function stillWorks() {
  const DHT = require(path)
  const node = new DHT({ host: '127.0.0.1', bootstrap: [] })
  await node.bind()
  await node.ping({ host: '127.0.0.1', port: node.localAddress().port })
  await node.destroy()
}

main()
`

for (const { name, path } of packages) {
  async function codes(ends, count) {
    const { code, signal, stdout, stderr } = await run(MAIN, [path, ends, String(count), WORKER], {
      ms: 60000
    })
    assert.deepStrictEqual([code, signal, stderr], [0, null, ''])
    return JSON.parse(stdout)
  }

  test(`${name}: worker threads that are terminated under load`, async () => {
    assert.deepStrictEqual(await codes('terminate', WORKERS), Array(WORKERS).fill(1))
  })

  test(`${name}: worker threads that exit with live nodes`, async () => {
    assert.deepStrictEqual(await codes('exit', 5), Array(5).fill(3))
  })

  test(`${name}: worker threads end when their nodes are destroyed`, async () => {
    assert.deepStrictEqual(await codes('destroy', 5), Array(5).fill(0))
  })
}
