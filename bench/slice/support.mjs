import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const DHT = createRequire(import.meta.url)(process.argv[2])

/** A node that knows its own address, on a free port of 127.0.0.1. */
export async function openNode(opts) {
  const node = DHT.bootstrapper(20000 + (process.pid % 20000), '127.0.0.1', {
    host: '127.0.0.1',
    anyPort: true,
    ...opts
  })
  await node.fullyBootstrapped()
  return node
}

/** CPU used since the last call of `meter`: of the process and of this, its main thread, in µs. */
export function meter() {
  const process0 = process.cpuUsage()
  const thread0 = threadTime()
  return () => {
    const { user, system } = process.cpuUsage(process0)
    return { cpu: user + system, thread: threadTime() - thread0 }
  }
}

function threadTime() {
  const [ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')
  return Number(ns) / 1000
}
