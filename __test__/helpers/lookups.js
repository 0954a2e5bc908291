const { closestOf } = require('./ids')
const { HOST, freePorts } = require('./network')

const K = 20

// Apart from where other tests look: these ports are bound several times, one network after the other.
const PORTS = { from: 4000, to: 12000 }

// A network whose tables are watched from their first moment, and the lookups of clients in it.
class Network {
  // One node a port: the first is the bootstrapper, the others join in their order, as many at once
  // as `atOnce` says. `kinds` are the classes of the nodes.
  static async join(kinds, ports, atOnce, opts) {
    const network = new Network(ports[0], opts)
    try {
      await network._join(kinds, ports, atOnce)
      return network
    } catch (err) {
      await network.destroy()
      throw err
    }
  }

  constructor(port, opts) {
    this.nodes = []
    this.bootstrap = [{ host: HOST, port }]
    this._opts = { host: HOST, bootstrap: this.bootstrap, ...opts }
    this._watches = []
  }

  // A client that stays out of the network looks up each target. Resolves with the share found of
  // the truth, which nearest() computes.
  async lookups(DHT, targets, truth) {
    const client = new DHT({ ...this._opts, adaptive: false })
    try {
      await client.fullyBootstrapped()
      let found = 0
      for (const [i, target] of targets.entries()) {
        const query = client.findNode(target)
        await query.finished()
        found += query.closestNodes.filter((node) => truth[i].has(name(node))).length
      }
      return found / truth.reduce((sum, { size }) => sum + size, 0)
    } finally {
      await client.destroy()
    }
  }

  // How many live nodes vanished from tables that had room for them.
  dropped() {
    return this._watches.reduce((sum, watch) => sum + watch.dropped(), 0)
  }

  async destroy() {
    await Promise.all(this.nodes.map((node) => node.destroy()))
  }

  async _join([First, ...kinds], ports, atOnce) {
    await this._add(First.bootstrapper(ports[0], HOST, { ...this._opts, bootstrap: [] }))

    let next = 0
    const joinNext = async () => {
      while (next < kinds.length) {
        const DHT = kinds[next++]
        const port = ports[next]
        await this._add(new DHT({ ...this._opts, port, anyPort: false, ephemeral: false }))
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

// Whoever enters a table is alive for as long as it is watched. Going persistent rebuilds the
// table, and who finds no room in it leaves; after that nobody should. What leaves without an event
// shows at the end: it is not in the table, and its bucket is not full.
class Watch {
  constructor(node) {
    this._node = node
    this._entered = new Map()
    this._removed = 0

    node.on('add-node', ({ id }) => this._entered.set(id.toString('hex'), id))
    node.on('persistent', () => node.on('remove-node', () => this._removed++))
  }

  dropped() {
    const { table } = this._node
    const sizes = new Map()
    for (const { id } of table.toArray()) {
      const depth = depthOf(table.id, id)
      sizes.set(depth, (sizes.get(depth) || 0) + 1)
    }

    const missing = [...this._entered.values()].filter(
      (id) => !table.has(id) && !id.equals(table.id) && !(sizes.get(depthOf(table.id, id)) >= K)
    )
    return Math.max(this._removed, missing.length)
  }
}

module.exports = { Network, nearest, scatteredPorts }

// The K nearest of all to each target, by brute force over their ids.
function nearest(targets, ports) {
  const addresses = ports.map((port) => ({ host: HOST, port }))
  return targets.map((target) => new Set(closestOf(target, addresses, K)))
}

// Ports that are free now. Whoever binds them gets the same ids, network after network.
async function scatteredPorts(count) {
  const ports = new Set()
  while (ports.size < count) {
    const [port] = await freePorts(1, PORTS)
    ports.add(port)
  }
  return [...ports]
}

function name({ host, port }) {
  return `${host}:${port}`
}

// The length of the common prefix in bits: the number of the bucket.
function depthOf(own, id) {
  const byte = own.findIndex((value, i) => value !== id[i])
  return byte * 8 + Math.clz32(own[byte] ^ id[byte]) - 24
}
