const dgram = require('node:dgram')
const { once } = require('node:events')
const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const {
  HOST,
  HASTY,
  createNode,
  createBootstrapper,
  createNetwork,
  port,
  serverAddress
} = require('./helpers/network')
const { turns, until } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const { encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const spin = require('./helpers/spin')

const ECHO = 1

for (const { name, DHT } of packages) {
  test(`${name}: requests that wait when the node is destroyed are not emitted`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const seen = watch(server)
    await sendAtOnce(t, server, 5)

    server.destroy()
    await turns(10)

    assert.deepStrictEqual(seen, ['close'])
  })

  test(`${name}: nor those behind the one whose handler destroys it`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const seen = watch(server)
    server.on('request', () => server.destroy())

    await sendAtOnce(t, server, 5)
    await turns(10)

    assert.deepStrictEqual(seen, ['request', 'close'])
  })

  test(`${name}: how a bootstrap ends that did not begin, or that nobody answers`, async (t) => {
    const silent = await RawPeer.create(t)
    const asking = createNode(t, DHT, { bootstrap: [silent.address] })
    await until(() => silent.received.length > 0, 'its lookup')
    const alone = createNode(t, DHT)
    const joining = createNode(t, DHT, { bootstrap: [silent.address] })

    for (const node of [alone, joining, asking]) node.destroy()

    await alone.fullyBootstrapped()
    await assert.rejects(joining.fullyBootstrapped(), { message: 'Node was destroyed' })
    await asking.fullyBootstrapped()
  })

  test(`${name}: how lookups end that have nobody left to ask`, async (t) => {
    const { server, silent, client } = await lookingUp(t, DHT)
    const nodes = [serverAddress(server), silent.address]
    const ask = (commit) =>
      client.query(
        { target: randomTarget(), command: ECHO },
        { nodes, commit, onlyClosestNodes: true }
      )
    const queries = [ask(null), ask(true)]
    const outcomes = Promise.allSettled(queries.map((query) => query.finished()))
    await until(() => queries.every((query) => query.successes === 1), 'one of two answers')

    client.destroy()

    const [looked, committed] = await outcomes
    assert.strictEqual(looked.status, 'fulfilled')
    assert.strictEqual(committed.reason.message, 'Node destroyed')
    for (const query of queries) {
      assert.strictEqual(query.closestReplies.length, 1)
      assert.deepStrictEqual([query.successes, query.errors], [1, 1])
    }
    assert.strictEqual(client.stats.queries.active, 0)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: nodes that are destroyed one after the other are gone in the same turn`, async (t) => {
    const nodes = []
    for (let i = 0; i < 4; i++) nodes.push(await createBootstrapper(t, DHT))
    const seen = nodes.map(watch)
    for (const node of nodes) await sendAtOnce(t, node, 3)
    let turned = false
    setImmediate(() => (turned = true))

    for (const node of nodes) await node.destroy()

    assert.strictEqual(turned, false)
    await turns(10)
    assert.deepStrictEqual(seen, Array(nodes.length).fill(['close']))
  })

  test(`${name}: a session's requests, then the nodes: the one that was asked does not emit`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    await client.fullyBootstrapped()
    const seen = watch(server)
    const session = client.session()
    const to = serverAddress(server)
    const requests = [1, 2].map((command) => session.request({ command }, to))
    const outcomes = Promise.allSettled(requests)

    session.destroy()
    await client.destroy()
    await server.destroy()

    const codes = (await outcomes).map(({ reason }) => reason.code)
    assert.deepStrictEqual(codes, ['REQUEST_DESTROYED', 'REQUEST_DESTROYED'])
    await turns(10)
    assert.deepStrictEqual(seen, ['close'])
  })

  for (const moment of ['request', 'filterNode', 'filterRequest', 'map', 'commit', 'add-node']) {
    test(`${name}: destroyed by '${moment}', it calls nothing more`, async (t) => {
      const calls = []
      let node = null
      const call = (what) => {
        calls.push(what)
        if (what === moment) node.destroy()
        return true
      }
      const { bootstrap, nodes } = await createNetwork(t, Array(6).fill(DHT))
      for (const each of nodes) each.on('request', (req) => req.reply(req.value))
      node = createNode(t, DHT, {
        bootstrap,
        ephemeral: false,
        filterNode: () => call('filterNode'),
        filterRequest: () => call('filterRequest')
      })
      for (const event of ['listening', 'ready', 'bootstrap', 'persistent', 'nat-update']) {
        node.on(event, () => call(event))
      }
      for (const event of ['add-node', 'remove-node', 'request', 'close']) {
        node.on(event, () => call(event))
      }
      if (moment === 'filterNode' || moment === 'add-node') {
        await once(node, 'close')
      } else {
        await node.fullyBootstrapped()
        const map = (reply) => call('map') && reply
        const commit = async () => call('commit')
        const query = node.query({ target: randomTarget(), command: ECHO }, { map, commit })
        const finished = query.finished()
        finished.catch(noop)
        const to = serverAddress(node)
        for (const each of nodes) each.request({ command: ECHO }, to, { retry: false }).catch(noop)
        await once(node, 'close')
        // Which of them depends on whether a candidate was left when it was destroyed.
        const ends = /^(Node (was )?destroyed|Too few nodes responded.*)$/
        await finished.catch((err) => assert.match(err.message, ends))
      }
      await turns(20)

      const after = calls.slice(calls.indexOf(moment) + 1)
      assert.deepStrictEqual(after, ['close'])
    })
  }

  for (const [first, second, cause] of [
    ['ready', 'bootstrap', () => {}],
    ['wakeup', 'wake-up', (node) => node._onwakeup()],
    ['network-change', 'network-update', (node) => node._onnetworkchange([])]
  ]) {
    test(`${name}: destroyed by '${first}', no '${second}' follows`, async (t) => {
      const node = createNode(t, DHT)
      if (first !== 'ready') await node.fullyBootstrapped()
      const seen = watch(node)
      node.on(first, () => node.destroy())
      const closed = once(node, 'close')

      await cause(node)
      await closed

      const after = seen.slice(seen.indexOf(first) + 1)
      assert.deepStrictEqual(after, ['close'])
    })
  }

  for (const step of ['suspend', 'resume']) {
    test(`${name}: destroyed while it ${step}s`, async (t) => {
      const node = createNode(t, DHT)
      await node.fullyBootstrapped()
      if (step === 'resume') await node.suspend()
      const address = node.address()
      const stepped = node[step]()
      const seen = watch(node)
      node.destroy()
      await stepped
      await node.destroy()
      assert.deepStrictEqual(seen, ['close'])
      assert.deepStrictEqual(node.address(), address)
    })
  }

  test(`${name}: what ended before, and was not told yet, ends as it did`, async (t) => {
    const { server, client } = await lookingUp(t, DHT)
    const opts = { nodes: [serverAddress(server)], onlyClosestNodes: true }
    const target = randomTarget()
    const query = client.findNode(target, opts)
    const committing = client.findNode(target, { ...opts, commit: () => assert.fail('called') })
    query.resume()
    committing.resume()
    const outcomes = Promise.allSettled([query.finished(), committing.finished()])
    const pinged = client.ping(serverAddress(server))
    pinged.catch(noop)
    for (let i = 0; i < 20; i++) await null
    spin(50) // all is answered by then

    await client.destroy()

    const [looked, committed] = await outcomes
    assert.strictEqual(looked.status, 'fulfilled')
    assert.deepStrictEqual(
      query.closestNodes.map((node) => node.port),
      [port(server)]
    )
    assert.strictEqual(committed.reason.message, 'Node destroyed')
    await assert.rejects(pinged, { code: 'REQUEST_DESTROYED' })
  })

  for (const answered of [0, 1]) {
    test(`${name}: the network's state is not updated any more, ${answered} of those asked answered`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      const silent = await RawPeer.create(t)
      const bootstrap = [serverAddress(server), silent.address]
      const client = createNode(t, DHT, { bootstrap, ...HASTY })
      await client.fullyBootstrapped()
      client.firewalled = true
      const { requests } = client.stats
      const before = requests.responses
      const seen = watch(client)
      const updated = client._updateNetworkState()
      if (answered > 0) await until(() => requests.responses > before, 'the first answer')

      client.destroy()

      assert.strictEqual(await updated, false)
      assert.deepStrictEqual([client.firewalled, client.ephemeral, ...seen], [true, true, 'close'])
    })
  }
}

// The events that a node emits from now on.
function watch(node) {
  const seen = []
  const { emit } = node
  node.emit = function (event, ...args) {
    if (event !== 'newListener' && event !== 'removeListener') seen.push(event)
    return emit.call(this, event, ...args)
  }
  return seen
}

// Requests that wait for the node when this returns: this thread stands still until they came.
async function sendAtOnce(t, node, count) {
  const socket = dgram.createSocket('udp4')
  t.after(() => socket.close())
  socket.connect(port(node), HOST)
  await once(socket, 'connect')
  for (let tid = 0; tid < count; tid++) {
    socket.send(encodeRequest({ tid, to: serverAddress(node), command: ECHO }))
  }
  spin(50)
}

async function lookingUp(t, DHT) {
  const server = await createBootstrapper(t, DHT)
  server.on('request', (req) => req.reply(req.value))
  const silent = await RawPeer.create(t)
  const client = createNode(t, DHT, { bootstrap: [`${HOST}:${port(server)}`] })
  await client.fullyBootstrapped()
  return { server, silent, client }
}

function noop() {}
