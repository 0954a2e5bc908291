// A network whose nodes are watched from their first moment, and the lookups of a client in it.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { idOf, closestOf } = require('../../__test__/helpers/ids')
const { HOST, freePorts } = require('../../__test__/helpers/network')

const K = 20

/**
 * The ports of a network, free at this moment and not in a row. Nodes that use them again have the
 * same ids again.
 */
export async function somePorts(count) {
  const ports = new Set()
  while (ports.size < count) ports.add(await freePorts(1).then(([port]) => port))
  return [...ports]
}

/** The K nearest of all ids to each target, by brute force: sets of 'host:port'. */
export function nearest(targets, ports) {
  const addresses = ports.map((port) => ({ host: HOST, port }))
  return targets.map((target) => new Set(closestOf(target, addresses, K)))
}

export class Network {
  /**
   * Joins one node a port, the first as bootstrapper, the others in their order, as many at once as
   * `atOnce` says. `kinds`: the class of each node.
   */
  static async join(kinds, ports, atOnce) {
    const network = new Network()
    try {
      await network._join(kinds, ports, atOnce)
    } catch (err) {
      await network.destroy()
      throw err
    }
    return network
  }

  constructor() {
    this.nodes = []
    this._watches = []
    this._bootstrap = []
  }

  /** A client that is not in the network looks every target up. Resolves with the share found. */
  async lookups(DHT, targets, truth) {
    const client = new DHT({ host: HOST, bootstrap: this._bootstrap })
    let found = 0
    try {
      await client.fullyBootstrapped()
      for (const [i, target] of targets.entries()) {
        const query = client.findNode(target)
        await query.finished()
        for (const { host, port } of query.closestNodes) {
          if (truth[i].has(`${host}:${port}`)) found++
        }
      }
      if (!client.ephemeral) throw new Error('The client went into the network')
    } finally {
      await client.destroy()
    }
    return found / truth.reduce((sum, { size }) => sum + size, 0)
  }

  /** How often a node lost one from its table that is alive, though there was room for it. */
  dropped() {
    return this._watches.reduce((sum, watch) => sum + watch.dropped(), 0)
  }

  async destroy() {
    await Promise.all(this.nodes.map((node) => node.destroy()))
  }

  async _join([First, ...kinds], [first, ...ports], atOnce) {
    await this._add(First.bootstrapper(first, HOST, { host: HOST }))
    this._bootstrap = [{ host: HOST, port: first }]

    const waiting = kinds.map((DHT, i) => ({ DHT, port: ports[i] }))
    const joinNext = async () => {
      while (waiting.length > 0) {
        const { DHT, port } = waiting.shift()
        const opts = { host: HOST, port, anyPort: false, ephemeral: false }
        await this._add(new DHT({ ...opts, bootstrap: this._bootstrap }))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, joinNext))
  }

  async _add(node) {
    this.nodes.push(node)
    this._watches.push(new Watch(node))
    await node.fullyBootstrapped()
    if (node.ephemeral) throw new Error('A node did not go persistent')
  }
}

// Everybody whom a node ever had in its table is alive. What it says that it removed is counted
// once it is persistent: going persistent rebuilds the table, and what finds no room leaves it.
// What it lost without a word shows by comparison.
class Watch {
  constructor(node) {
    this._node = node
    this._known = new Map()
    this._removed = 0

    node.on('add-node', ({ id }) => this._known.set(id.toString('hex'), id))
    node.on('persistent', () => {
      node.on('remove-node', () => this._removed++)
    })
  }

  dropped() {
    const { table } = this._node
    const sizes = new Map()
    for (const { id } of table.toArray()) {
      const depth = bucketOf(table.id, id)
      sizes.set(depth, (sizes.get(depth) || 0) + 1)
    }

    let silent = 0
    for (const id of this._known.values()) {
      if (table.has(id) || id.equals(table.id)) continue
      if ((sizes.get(bucketOf(table.id, id)) || 0) < K) silent++
    }
    return this._removed + silent
  }
}

// The length of the common prefix.
function bucketOf(own, id) {
  const byte = own.findIndex((value, i) => value !== id[i])
  return byte * 8 + Math.clz32(own[byte] ^ id[byte]) - 24
}

export { HOST, K, idOf }
