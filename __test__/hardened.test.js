const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const {
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { COMMANDS, encodeReply } = require('./helpers/wire')
const { compare, idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

for (const { name, DHT } of natives) {
  test(`${name}: a request is no reason to hand its sender out`, async (t) => {
    const handedOut = async (hardened) => {
      const node = await createBootstrapper(t, DHT, { hardened })
      const [liar, asker] = [await RawPeer.create(t), await RawPeer.create(t)]
      const to = serverAddress(node)
      liar.serve(() => null)
      await liar.request({ internal: true, command: COMMANDS.PING, id: idOf(liar.address) }, to)
      assert.ok(node.table.has(idOf(liar.address)))
      const find = { internal: true, command: COMMANDS.FIND_NODE, target: randomTarget() }
      const { closerNodes } = await asker.request(find, to)
      return [closerNodes ? closerNodes.length : 0, node.stats.protections.verify]
    }
    assert.deepStrictEqual(await handedOut(true), [0, 1])
    assert.deepStrictEqual(await handedOut({ verify: false }), [1, 0])
    assert.deepStrictEqual(await handedOut(undefined), [1, 0])
  })

  test(`${name}: one host fills no table`, async (t) => {
    const known = async (hardened) => {
      const node = await createBootstrapper(t, DHT, { hardened })
      for (let i = 0; i < 6; i++) {
        const raw = await RawPeer.create(t)
        raw.serve(() => null)
        const fields = { internal: true, command: COMMANDS.PING, id: idOf(raw.address) }
        await raw.request(fields, serverAddress(node))
      }
      const { perHost, perSubnet } = node.stats.protections
      return [node.table.size, perHost, perSubnet]
    }
    assert.deepStrictEqual(await known(true), [4, 2, 0])
    assert.deepStrictEqual(await known({ perHost: false, perSubnet: 5 }), [5, 0, 1])
    assert.deepStrictEqual(await known({ perHost: false, perSubnet: false }), [6, 0, 0])
    assert.deepStrictEqual(await known(undefined), [6, 0, 0])
  })

  test(`${name}: a user's reply comes from whom was asked`, async (t) => {
    const outcome = async (hardened) => {
      const [asked, third] = [await RawPeer.create(t), await RawPeer.create(t)]
      asked.serve(({ tid }, from) => {
        third.send(encodeReply({ tid, to: from }), from)
        return null
      })
      const node = createNode(t, DHT, { hardened })
      const request = node.request({ command: 1 }, asked.address, { retry: false })
      return request.then(
        ({ from }) => from.port === third.port,
        ({ code }) => code
      )
    }
    assert.strictEqual(await outcome(true), 'REQUEST_TIMEOUT')
    assert.strictEqual(await outcome({ askedAddress: false }), true)
    assert.strictEqual(await outcome(undefined), true)
  })

  test(`${name}: values for those who show no token are few`, async (t) => {
    const values = async (hardened) => {
      const node = await createBootstrapper(t, DHT, { hardened })
      node.on('request', (req) => req.reply(Buffer.alloc(1000)))
      const raw = await RawPeer.create(t)
      const to = serverAddress(node)
      const fields = { command: 1, target: randomTarget() }
      const replies = []
      for (let i = 0; i < 10; i++) replies.push(await raw.request(fields, to))
      const got = replies.filter(({ value }) => value !== null).length
      const { token } = replies[9]
      const { value } = await raw.request({ ...fields, token }, to)
      assert.strictEqual(value.byteLength, 1000)
      return got
    }
    assert.strictEqual(await values({ unprovenBytes: 2048, unprovenFactor: 0 }), 1)
    assert.strictEqual(await values(undefined), 10)
  })

  test(`${name}: liars lead one path astray and not the others`, async (t) => {
    const target = randomTarget()
    const peers = await Promise.all(Array.from({ length: 60 }, () => RawPeer.create(t)))
    const addresses = peers.map(({ address }) => address)
    addresses.sort((a, b) => compare(target, idOf(a), idOf(b)))
    const [liars, honest] = [addresses.slice(0, 30), addresses.slice(30)]
    let visited = new Set()
    for (const peer of peers) {
      const { address } = peer
      const friends = ports(liars).includes(address.port) ? liars : honest
      peer.serve(() => {
        visited.add(address.port)
        return { id: idOf(address), closerNodes: friends.slice(0, 20) }
      })
    }

    // Of the five nearest honest peers, how many a lookup visits; the liars are nearer.
    const reached = async (hardened) => {
      const node = createNode(t, DHT, { hardened })
      await node.fullyBootstrapped()
      const before = node.stats.protections.paths
      visited = new Set()
      const nodes = [liars[29], ...honest.slice(-2)]
      await node.findNode(target, { nodes, concurrency: 1 }).finished()
      const near = honest.slice(0, 5).filter(({ port }) => visited.has(port))
      return [near.length, node.stats.protections.paths - before]
    }
    assert.deepStrictEqual(await reached({ paths: 3 }), [5, 1])
    assert.deepStrictEqual(await reached({ paths: false }), [0, 0])
    assert.deepStrictEqual(await reached(undefined), [0, 0])
  })

  test(`${name}: a hardened network of one host works when it is tuned`, async (t) => {
    const hardened = { perHost: false, perSubnet: false }
    const { all, bootstrap } = await createNetwork(t, Array(25).fill(DHT), { hardened })
    const stored = new Map()
    for (const node of all) {
      node.on('request', (req) => {
        const key = req.target.toString('hex') + node.port
        if (req.token) stored.set(key, req.value)
        req.reply(req.token ? null : stored.get(key) || null)
      })
    }
    const client = createNode(t, DHT, { bootstrap, hardened })
    const target = randomTarget()
    const value = Buffer.from('kept')

    const put = client.query({ target, command: 1, value }, { commit: true })
    await put.finished()
    const get = client.query({ target, command: 1 })
    const values = []
    for await (const reply of get) if (reply.value) values.push(reply.value.toString())

    assert.strictEqual(put.closestNodes.length, 20)
    assert.strictEqual(stored.size, 20)
    assert.strictEqual(values.length, 20)
    assert.ok(client.stats.protections.paths > 0)
    assert.strictEqual(client.stats.protections.askedAddress, 0)
    assert.strictEqual(all[3].host, HOST)
  })
}

function ports(addresses) {
  return addresses.map(({ port }) => port)
}
