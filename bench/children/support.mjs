import { createRequire } from 'node:module'

const HOST = '127.0.0.1'
// Below the range that the system picks from.
const PORTS = { from: 12000, to: 32000 }
const ATTEMPTS = 10

/** What the program was started with. `file` is the package to measure. */
export const options = JSON.parse(process.argv[2])

export const DHT = createRequire(import.meta.url)(options.file)

/** What a node is made with that has a filter, if these have one. */
export const filtered = options.filter ? { filterNode: ({ port }) => port > 0 } : {}

// Nothing is left behind by a benchmark that was interrupted.
process.on('disconnect', () => process.exit())

/** A node that knows its own address, on a port that is free. */
export async function openNode() {
  for (let attempt = 1; ; attempt++) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from))
    const node = DHT.bootstrapper(port, HOST, { host: HOST })
    try {
      await node.fullyBootstrapped()
      return node
    } catch (err) {
      if (err.code !== 'EADDRINUSE' || attempt === ATTEMPTS) throw err
    }
  }
}

/** A node that knows nobody. */
export async function openClient() {
  const node = new DHT({ bootstrap: false, host: HOST })
  await node.fullyBootstrapped()
  return node
}

export function addressOf(node) {
  return { host: HOST, port: node.address().port }
}

/** Resolves with how much of the current time goes by until `work` is done, in ms, and the CPU, in µs. */
export async function timed(work) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpu: user + system }
}

/** Keeps `inFlight` calls of `work` going for `ms`. Resolves with `{ done, ms, cpu }`. */
export async function keepGoing(work, inFlight, ms) {
  let done = 0
  const used = await timed(async () => {
    const end = performance.now() + ms
    const lane = async () => {
      while (performance.now() < end) {
        await work()
        done++
      }
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
  })
  return { ...used, done }
}

/** Joins persistent nodes to a network, so many at a time. */
export async function join(count, bootstrap, atOnce = 16) {
  const nodes = []
  let started = 0
  const lane = async () => {
    while (started++ < count) {
      const node = new DHT({ host: HOST, bootstrap: [bootstrap], ephemeral: false, ...filtered })
      nodes.push(node)
      await node.fullyBootstrapped()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return nodes
}
