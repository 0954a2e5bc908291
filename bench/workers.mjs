// Worker threads with nodes that talk to each other, ended in the middle of it. Fails unless all
// of them end cleanly, and this process with them.
// usage: node bench/workers.mjs [--workers 1000]
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(import.meta.url)
const HOST = '127.0.0.1'
const AT_A_TIME = 4
/** Pings that a worker has seen answered when it is ended. */
const PINGS = 50

const FROM_OUTSIDE = 0
const BY_ITSELF = 1
const WHILE_IT_STARTS = 2

if (isMainThread) await main()
else await work()

async function main() {
  const { values } = parseArgs({ options: { workers: { type: 'string', default: '1000' } } })
  const total = Number(values.workers)
  let clean = 0
  let started = 0
  const lane = async () => {
    while (started++ < total) if (await endOne(started % 3)) clean++
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  console.log(`${clean} of ${total} worker threads ended cleanly under load`)
  if (clean !== total) process.exitCode = 1
}

function endOne(way) {
  const worker = new Worker(FILE, { workerData: way })
  let failed = false
  worker.on('error', () => (failed = true))
  if (way === WHILE_IT_STARTS) setTimeout(() => worker.terminate(), 20)
  if (way === FROM_OUTSIDE) worker.once('message', () => worker.terminate())
  return new Promise((resolve) => worker.on('exit', () => resolve(!failed)))
}

async function work() {
  const DHT = createRequire(import.meta.url)('..')
  const a = new DHT({ bootstrap: false, host: HOST })
  const b = new DHT({ bootstrap: false, host: HOST })
  await Promise.all([a.fullyBootstrapped(), b.fullyBootstrapped()])
  const to = { host: HOST, port: b.address().port }
  for (let pings = 0; ; pings += 8) {
    await Promise.all(Array.from({ length: 8 }, () => a.ping(to)))
    if (pings < PINGS) continue
    parentPort.postMessage('busy')
    if (workerData === BY_ITSELF) process.exit(0)
  }
}
