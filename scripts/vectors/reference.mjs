import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const load = createRequire(require.resolve('dht-rpc-reference'))

export const IO = load('./lib/io.js')
export const peer = load('./lib/peer.js')
export const Health = load('./lib/health.js')
export const NatSampler = load('nat-sampler')
export const AdaptiveTimeout = load('adaptive-timeout')

/** An IO of the reference that is bound to sockets which hand over what they are told to send. */
export function createIO(onsend = () => {}) {
  const socket = { trySend: onsend }
  const udx = { watchNetworkInterfaces: () => null }
  const io = new IO(null, udx, { firewalled: false })

  io.serverSocket = socket
  io.clientSocket = { trySend: onsend }
  return io
}

/** Repeatable numbers from 0 to below `n`: the generator of Numerical Recipes. */
export function createRandom(seed) {
  let state = seed

  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}
