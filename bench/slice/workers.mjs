// Worker threads with nodes that talk to each other, ended in the middle of it.
import { Worker, isMainThread, parentPort } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(import.meta.url)
const AT_A_TIME = 4
/** Pings that a worker has seen answered when it is ended. */
const PINGS = 50

if (isMainThread) await main()
else await work()

async function main() {
  const total = Number(process.argv[3])
  let clean = 0
  let started = 0
  const lane = async () => {
    while (started++ < total) if (await endOne(started % 3)) clean++
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, lane))
  process.send({ total, clean })
  process.disconnect()
}

// Ended from outside, by itself with process.exit(), or from outside right after it was started.
function endOne(way) {
  const worker = new Worker(FILE, { argv: [process.argv[2], way] })
  let failed = false
  worker.on('error', () => (failed = true))
  if (way === 2) setTimeout(() => worker.terminate(), 20)
  if (way === 0) worker.once('message', () => worker.terminate())
  return new Promise((resolve) => worker.on('exit', () => resolve(!failed)))
}

async function work() {
  const { DHT } = await import('./support.mjs')
  const a = new DHT({ bootstrap: false, host: '127.0.0.1' })
  const b = new DHT({ bootstrap: false, host: '127.0.0.1' })
  await Promise.all([a.fullyBootstrapped(), b.fullyBootstrapped()])
  const to = { host: '127.0.0.1', port: b.address().port }
  for (let pings = 0; ; pings += 8) {
    await Promise.all(Array.from({ length: 8 }, () => a.ping(to)))
    if (pings < PINGS) continue
    parentPort.postMessage('busy')
    if (process.argv[3] === '1') process.exit(0)
  }
}
