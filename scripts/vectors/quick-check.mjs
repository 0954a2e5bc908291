import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const DHT = require('dht-rpc-reference')
const UDX = require('udx-native')
const { HOST, freePort } = require('../../__test__/helpers/network')

const LATENCIES = [1, 10, 50, 200] // ms, one way
// With a few more than these, replies that come at the same time decide.
const PEERS = [1, 2, 3, 16, 24]
const RUNS = 3

/**
 * What comes first when an adaptive node joins so many peers over links of such a latency: the end of
 * its first lookup, then it stays firewalled, or the answer to its PING_NAT.
 */
export async function quickChecks() {
  const checks = []
  for (const latency of LATENCIES) {
    for (const peers of PEERS)
      checks.push({ latency, peers, firewalled: await outcome(latency, peers) })
  }
  return checks
}

async function outcome(latency, count) {
  const links = new Links()
  const bootstrapper = DHT.bootstrapper(await freePort(), HOST, { host: HOST, udx: links.end() })
  await bootstrapper.fullyBootstrapped()
  const bootstrap = [{ host: HOST, port: bootstrapper.address().port }]
  const nodes = [bootstrapper]
  const join = async (opts) => {
    const node = new DHT({ host: HOST, bootstrap, udx: links.end(), ...opts })
    nodes.push(node)
    await node.fullyBootstrapped()
    return node
  }
  while (nodes.length < count) await join({ ephemeral: false, firewalled: false })

  links.latency = latency
  const seen = new Set()
  for (let i = 0; i < RUNS; i++) seen.add((await join({})).firewalled)
  links.latency = 0
  for (const node of nodes) await node.destroy()
  if (seen.size > 1) throw new Error(`Both ways with ${count} peers at ${latency} ms: try again`)
  return [...seen][0]
}

/** What is sent by their ends arrives later. */
class Links {
  latency = 0

  end() {
    const udx = new UDX()
    const createSocket = udx.createSocket.bind(udx)
    udx.createSocket = (...args) => this._delay(createSocket(...args))
    return udx
  }

  _delay(socket) {
    const trySend = socket.trySend.bind(socket)
    socket.trySend = (...args) => {
      if (this.latency === 0) return trySend(...args)
      setTimeout(() => socket.closing || trySend(...args), this.latency)
    }
    return socket
  }
}
