// slow: bootstrap nodes that are silent have to time out

const { describe, test } = require('node:test')
const assert = require('node:assert')
const { packages, pairings } = require('./helpers/packages')
const {
  HOST,
  HASTY,
  IMPATIENT,
  createNode,
  createBootstrapper,
  createNetwork,
  freePort,
  serverAddress
} = require('./helpers/network')
const { until } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

describe('bootstrap', { concurrency: 4 }, () => {
  for (const { name, Server, Client } of pairings) {
    test(`${name}: a persistent node joins`, async (t) => {
      const server = await createBootstrapper(t, Server)
      const node = createNode(t, Client, { bootstrap: [serverAddress(server)], ephemeral: false })

      await node.fullyBootstrapped()

      assert.deepStrictEqual(node.id, idOf(serverAddress(node)))
      assert.deepStrictEqual(node.toArray(), [serverAddress(server)])
      await until(() => server.nodes.length === 1, 'the server knows the node')
      assert.deepStrictEqual(server.toArray(), [serverAddress(node)])
      assert.deepStrictEqual(server.nodes.latest.id, node.id)
    })

    test(`${name}: an ephemeral node joins nobody's table`, async (t) => {
      const { all, bootstrap } = await createNetwork(t, Array(4).fill(Server))
      const node = createNode(t, Client, { bootstrap, ephemeral: true })

      await node.fullyBootstrapped()
      await node.findNode(randomTarget()).finished()

      assert.strictEqual(node.id, null)
      assert.strictEqual(node.ephemeral, true)
      assert.strictEqual(node.nodes.length, 4)
      for (const other of all) assert.strictEqual(other.nodes.length, 3)
    })

    test(`${name}: several bootstrap nodes, some of them gone`, async (t) => {
      const { bootstrapper, nodes } = await createNetwork(t, Array(3).fill(Server))
      const gone = { host: HOST, port: await freePort() }
      const node = createNode(t, Client, {
        bootstrap: [gone, serverAddress(nodes[0]), serverAddress(bootstrapper)],
        ephemeral: false,
        ...IMPATIENT
      })

      await node.fullyBootstrapped()

      assert.strictEqual(node.ephemeral, false)
      assert.strictEqual(node.nodes.length, 3)
    })

    test(`${name}: the other package's node as bootstrap entry`, async (t) => {
      const server = await createBootstrapper(t, Server)
      const node = createNode(t, Client, { bootstrap: [server] })

      await node.fullyBootstrapped()

      assert.strictEqual(node.bootstrapNodes[0], server)
      assert.deepStrictEqual(node.toArray(), [serverAddress(server)])
    })
  }

  for (const { name, DHT } of packages) {
    const entries = {
      'host:port': (port) => `${HOST}:${port}`,
      'name:port': (port) => `localhost:${port}`,
      'ip@name:port': (port) => `${HOST}@nowhere.invalid:${port}`,
      'ip@name:port with a silent ip': (port) => `127.0.0.3@localhost:${port}`,
      'a port number': (port) => port,
      'an object': (port) => ({ host: HOST, port }),
      'an object with a name': (port) => ({ host: 'localhost', port }),
      'an object with getters': (port) =>
        new (class {
          get host() {
            return HOST
          }

          get port() {
            return port
          }
        })()
    }

    for (const [what, entry] of Object.entries(entries)) {
      test(`${name}: bootstrap by ${what}`, async (t) => {
        const server = await createBootstrapper(t, DHT)
        const node = createNode(t, DHT, {
          bootstrap: [entry(serverAddress(server).port)],
          ephemeral: false,
          ...HASTY
        })

        await node.fullyBootstrapped()

        assert.deepStrictEqual(node.toArray(), [serverAddress(server)])
        assert.strictEqual(node.ephemeral, false)
      })
    }

    test(`${name}: names that cannot be resolved are skipped`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      const { port } = serverAddress(server)
      const bootstrap = [`a..b:${port}`, `nowhere.invalid:${port}`, `${HOST}:${port}`]

      const node = createNode(t, DHT, { bootstrap })
      await node.fullyBootstrapped()
      const lost = createNode(t, DHT, { bootstrap: bootstrap.slice(0, 2) })
      await lost.fullyBootstrapped()

      assert.deepStrictEqual(node.toArray(), [serverAddress(server)])
      assert.deepStrictEqual(lost.toArray(), [])
      assert.strictEqual(lost.stats.requests.total, 0)
    })

    test(`${name}: the parsed entries`, (t) => {
      const object = { host: HOST, port: 3, more: true }
      const node = createNode(t, DHT, { bootstrap: ['1.2.3.4:5', 6, object, '1.2.3.4@a.b:7'] })

      assert.strictEqual(node.bootstrapNodes[2], object)
      assert.deepStrictEqual(
        node.bootstrapNodes.map(({ host, port }) => ({ host, port })),
        [
          { host: '1.2.3.4', port: 5 },
          { host: HOST, port: 6 },
          { host: HOST, port: 3 },
          { host: '1.2.3.4@a.b', port: 7 }
        ]
      )
    })

    test(`${name}: an object is read at each use`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      const moved = { host: HOST, port: await freePort() }
      const node = createNode(t, DHT, { bootstrap: [moved], ...HASTY })
      await node.fullyBootstrapped()
      assert.deepStrictEqual(node.toArray(), [])

      moved.port = serverAddress(server).port
      await node.findNode(randomTarget()).finished()

      assert.deepStrictEqual(node.toArray(), [serverAddress(server)])
    })

    test(`${name}: without bootstrap nodes`, async (t) => {
      for (const bootstrap of [false, [], undefined]) {
        const node = createNode(t, DHT, { bootstrap })
        await node.fullyBootstrapped()

        assert.deepStrictEqual(node.bootstrapNodes, [])
        assert.strictEqual(node.bootstrapped, true)
        assert.strictEqual(node.ephemeral, true)
        assert.strictEqual(node.stats.requests.total, 0)
      }
    })

    test(`${name}: a first node without peers stays ephemeral`, async (t) => {
      const node = createNode(t, DHT, { ephemeral: false })
      await node.fullyBootstrapped()

      assert.strictEqual(node.ephemeral, true)
      assert.strictEqual(node.id, null)
      assert.strictEqual(node.host, null)
    })

    test(`${name}: an entry without port`, () => {
      assert.throws(() => new DHT({ bootstrap: ['just-a-name'] }), {
        message: /^Bootstrap node format is host:port/
      })
    })

    test(`${name}: nodes given stand in for bootstrap nodes`, async (t) => {
      const { all } = await createNetwork(t, Array(4).fill(DHT))
      const node = createNode(t, DHT, { nodes: [serverAddress(all[2])], ephemeral: false })

      await node.fullyBootstrapped()

      assert.strictEqual(node.ephemeral, false)
      assert.strictEqual(node.nodes.length, 4)
    })

    test(`${name}: a silent bootstrap node only costs time`, async (t) => {
      const silent = await RawPeer.create(t)
      const node = createNode(t, DHT, { bootstrap: [silent.address], ...HASTY })

      await node.fullyBootstrapped()

      await until(() => silent.received.length === 6, 'six tries arrived')
      assert.strictEqual(node.bootstrapped, true)
      assert.strictEqual(node.stats.requests.timeouts, 1)
    })
  }
})
