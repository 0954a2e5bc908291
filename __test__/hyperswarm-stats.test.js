'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
const { stacks, mixtures, createNetwork, createSwarm } = require('./helpers/hyper')
const { once, until } = require('./helpers/until')

const SENT = 300000 // bytes

// What hyperdht-stats and hyperswarm-stats, the programs that operators look at, read of a swarm.
for (const { name, network, server, client } of mixtures) {
  test(`${name}: figures of a swarm are true`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const swarms = [server, client].map((kind) => createSwarm(t, kind, bootstrap))
    const kinds = [server, client]
    const stats = swarms.map((swarm, i) => new (kinds[i].require('hyperswarm-stats'))(swarm))
    const [one, two] = await meet(swarms)
    const heard = countBytes(two)
    one.write(randomBytes(SENT))
    await until(() => heard() === SENT, 'all bytes')
    await until(() => stats[0].dhtStats.pendingWrites === 0, 'all acknowledgements')

    for (const [i, stat] of stats.entries()) {
      const json = stat.toJson()
      assertNumbers(json)
      assertSums(json)
      assert.strictEqual(json.nrPeers, 1)
      assert.strictEqual(json.dht.streams, 1)
      assert.strictEqual(json.dht.pendingWrites, 0)
      assert.ok(json.avgMtu >= 1200 && json.avgCongestionWindow >= 4)
      assert.doesNotMatch(stat.toString(), /undefined|NaN/)
      assert.ok(json.dht.queries.total > 0 && json.dht.requests.total > 0)
      assert.ok(json.dht.udxPacketsTransmitted > 0 && json.dht.udxPacketsDropped === 0)
      const [out, back] = i === 0 ? ['Transmitted', 'Received'] : ['Received', 'Transmitted']
      assert.ok(json[`bytes${out}OverSwarmStreams`] > SENT)
      assert.ok(json[`bytes${back}OverSwarmStreams`] < SENT)
    }

    one.destroy()
    await until(() => swarms.every((swarm) => swarm.connections.size === 0), 'the end')
    const after = stats[0].toJson()
    assert.ok(after.bytesTransmittedOverSwarmStreams > SENT)
    assert.strictEqual(after.dht.streams, 0)
    assertSums(after)
  })
}

for (const kind of stacks) {
  test(`${kind.name}: metrics for Prometheus`, async (t) => {
    const { bootstrap } = await createNetwork(t, [kind])
    const swarms = [1, 2].map(() => createSwarm(t, kind, bootstrap))
    const stats = new (kind.require('hyperswarm-stats'))(swarms[0])
    const registry = new Registry()
    stats.registerPrometheusMetrics(registry.client)
    const [one] = await meet(swarms)
    one.write('hello')
    const samples = registry.collect()
    assert.ok(samples.size > 40)
    for (const [name, value] of samples) assert.ok(Number.isFinite(value), `${name}: ${value}`)
    assert.strictEqual(samples.get('hyperswarm_nr_peers'), 1)
    assert.ok(samples.get('udx_total_bytes_received') > 0)
  })
}

// As much of prom-client as gauges need.
class Registry {
  #gauges = new Map()

  get client() {
    const gauges = this.#gauges
    class Gauge {
      constructor({ name, collect }) {
        gauges.set(name, this)
        this.update = () => collect.call(this)
      }

      set(value) {
        this.value = value
      }

      labels() {
        return this
      }
    }
    return { Gauge }
  }

  collect() {
    const samples = new Map()
    for (const [name, gauge] of this.#gauges) {
      gauge.update()
      if (gauge.value !== undefined || !name.endsWith('_address')) samples.set(name, gauge.value)
    }
    return samples
  }
}

async function meet(swarms) {
  const topic = randomBytes(32)
  const connections = swarms.map((swarm) => once(swarm, 'connection', 20000))
  for (const swarm of swarms) await swarm.join(topic).flushed()
  const met = await Promise.all(connections)
  return met.map(([connection]) => connection.on('error', () => {}))
}

function countBytes(connection) {
  let bytes = 0
  connection.on('data', (data) => (bytes += data.length))
  return () => bytes
}

function assertNumbers(json, path = '') {
  for (const [name, value] of Object.entries(json)) {
    if (/Address$/.test(name) || typeof value === 'boolean') continue
    if (typeof value === 'object') assertNumbers(value, `${path}${name}.`)
    else assert.ok(Number.isFinite(value) && value >= 0, `${path}${name}: ${value}`)
  }
}

// All goes by the two sockets of the node, by those of a hole puncher, and by the streams on them.
function assertSums({ dht, ...swarm }) {
  for (const [what, way] of [
    ['Bytes', 'Transmitted'],
    ['Packets', 'Transmitted'],
    ['Bytes', 'Received'],
    ['Packets', 'Received']
  ]) {
    const sockets = dht[`clientSocket${what}${way}`] + dht[`serverSocket${what}${way}`]
    const streams = swarm[`${what.toLowerCase()}${way}OverSwarmStreams`]
    const all = dht[`udx${what}${way}`]
    assert.ok(all >= sockets, `${what} ${way}: ${all} in all, ${sockets} by the node's sockets`)
    assert.ok(all >= streams, `${what} ${way}: ${all} in all, ${streams} by streams`)
  }
}
