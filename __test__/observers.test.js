const test = require('node:test')
const assert = require('node:assert')
const { internalsOf } = require('../lib/common/internals')
const { packages, natives } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { once, until, turns } = require('./helpers/until')
const { COMMANDS, encodeReply, encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const uncaught = require('./helpers/uncaught')
const wrap = require('./helpers/wrap')

const TARGET = Buffer.alloc(32, 5)

for (const { name, DHT } of packages) {
  test(`${name}: a wrapped io.onrequest sees every request, in order, before it is handled`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const seen = wrap(node.io, 'onrequest')
    const handled = []
    node.on('request', (req) => {
      handled.push([req, seen.length])
      req.reply(Buffer.from('yes'))
    })

    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    const command = { command: 7, target: TARGET, value: Buffer.from('value') }
    const { value } = await peer.request(command, to)
    await peer.request({ internal: true, command: COMMANDS.FIND_NODE, target: TARGET }, to)
    await peer.request({ internal: true, command: 99 }, to)
    const again = encodeRequest({ tid: 5, to, command: 7 })
    await peer.exchange(again, to)
    await peer.exchange(again, to)

    await until(() => seen.length === 6, 'all are seen')
    assert.strictEqual(value.toString(), 'yes')
    assert.deepStrictEqual(
      seen.map(({ args: [req] }) => [req.internal, req.command]),
      [
        [true, COMMANDS.PING],
        [false, 7],
        [true, COMMANDS.FIND_NODE],
        [true, 99],
        [false, 7],
        [false, 7]
      ]
    )
    for (const { args, self } of seen) {
      assert.strictEqual(self, node.io)
      assert.strictEqual(args.length, 2)
      // The bootstrapper uses its server socket, which the peer asked.
      assert.strictEqual(args[1], false)
      assert.strictEqual(args[0].socket, node.io.serverSocket)
      assert.strictEqual(args[0].from.port, peer.port)
      assert.strictEqual(args[0].destroyed, false)
    }
    const [, { args }] = seen
    assert.deepStrictEqual(args[0].target, TARGET)
    assert.strictEqual(args[0].value.toString(), 'value')
    assert.deepStrictEqual(
      handled.map(([req, count]) => [req === seen[count - 1].args[0], count]),
      [
        [true, 2],
        [true, 5],
        [true, 6]
      ]
    )
  })

  test(`${name}: what is no request that counts is not seen`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const seen = wrap(node.io, 'onrequest')

    await peer.send(Buffer.from('0304', 'hex'), to)
    await peer.send(Buffer.from([1, 2, 3, 4, 5]), to)
    const token = Buffer.alloc(32, 1)
    await peer.exchange(encodeRequest({ tid: 1, to, token, command: 7 }), to)
    const ping = encodeRequest({ tid: 2, to, internal: true, command: COMMANDS.PING })
    node.onmessage(node.io.serverSocket, ping, { host: HOST, port: 0 })
    await peer.request({ internal: true, command: COMMANDS.PING }, to)

    await until(() => seen.length > 0, 'the ping is seen')
    await turns(3)
    assert.strictEqual(seen.length, 1)
    assert.strictEqual(seen[0].args[0].command, COMMANDS.PING)

    await node.suspend()
    node.onmessage(node.io.serverSocket, ping, { host: HOST, port: peer.port })
    await turns(3)
    assert.strictEqual(seen.length, 1)
  })

  test(`${name}: a request on another socket than the one in use is external`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    const seen = wrap(node.io, 'onrequest')
    assert.strictEqual(node.firewalled, true)
    const { serverSocket, clientSocket } = node.io

    for (const socket of [clientSocket, serverSocket]) {
      const to = { host: HOST, port: socket.address().port }
      await peer.request({ internal: true, command: COMMANDS.PING }, to)
    }

    await until(() => seen.length === 2, 'both are seen')
    assert.deepStrictEqual(
      seen.map(({ args: [req, external] }) => [req.socket === clientSocket, external]),
      [
        [true, false],
        [false, true]
      ]
    )
  })

  test(`${name}: a wrapped io.onresponse sees every reply, and hands on the same object`, async (t) => {
    const { bootstrap, nodes } = await createNetwork(t, [DHT, DHT, DHT])
    const [server] = nodes
    server.on('request', (req) => req.reply(Buffer.from('v')))
    const client = createNode(t, DHT, { bootstrap })
    const seen = wrap(client.io, 'onresponse')
    await client.fullyBootstrapped()

    assert.ok(seen.length > 0, 'those of the bootstrap')
    const reply = await client.request({ command: 3 }, serverAddress(server))
    const calls = seen.filter(({ args }) => args[0] === reply)
    assert.strictEqual(calls.length, 1)
    assert.strictEqual(calls[0].args[1], false)
    assert.strictEqual(calls[0].self, client.io)
    assert.deepStrictEqual(Object.keys(seen[0].args[0]).sort(), Object.keys(reply).sort())
    assert.ok(seen.every(({ args: [{ rtt }] }) => Number.isInteger(rtt)))

    const rows = []
    const query = client.findNode(TARGET)
    for await (const row of query) rows.push(row)
    const replies = seen.map(({ args }) => args[0])
    assert.strictEqual(rows.length, 3)
    assert.ok(rows.every((row) => replies.includes(row)))
    assert.ok(query.closestReplies.every((row) => replies.includes(row)))
    const named = rows.flatMap(({ closerNodes }) => closerNodes || [])
    assert.ok(named.some(({ id }) => id !== null))
  })

  for (const [what, opts] of [
    ['', {}],
    [', with a filter', { filterNode: () => true }]
  ]) {
    test(`${name}: observers see all that is counted, the node's own requests too${what}`, async (t) => {
      const { bootstrap } = await createNetwork(t, [DHT, DHT, DHT])
      const silent = await RawPeer.create(t)
      silent.serve(() => null)
      const node = createNode(t, DHT, {
        bootstrap: [...bootstrap, silent.address],
        adaptiveTimeout: { fallback: [10], min: 10, max: 15, jitter: 1 },
        ...opts
      })
      const replies = wrap(node.io, 'onresponse')
      const timeouts = wrap(node.io, 'ontimeout')
      const { requests } = node.stats

      await node.fullyBootstrapped() // lookups and checks of the firewall
      await node.findNode(TARGET).finished()
      node.addNode(silent.address)
      for (let i = 0; i < 16; i++) node._ontick() // pings of the upkeep
      await until(() => requests.active === 0, 'all is over')
      await until(() => replies.length >= requests.responses, 'all replies are seen')
      await until(() => timeouts.length >= requests.timeouts, 'all timeouts are seen')
      await turns(3)

      assert.ok(requests.responses > 3 && requests.timeouts > 0)
      assert.strictEqual(replies.length, requests.responses)
      assert.strictEqual(timeouts.length, requests.timeouts)
      assert.strictEqual(new Set(replies.map(({ args }) => args[0])).size, replies.length)
      assert.strictEqual(new Set(timeouts.map(({ args }) => args[0])).size, timeouts.length)
    })
  }

  test(`${name}: a reply that nobody waits for is not seen`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    const seen = wrap(node.io, 'onresponse')

    await peer.send(encodeReply({ tid: 9, to: node.address() }), node.address())
    const to = { host: HOST, port: node.address().port }
    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    await turns(3)

    assert.strictEqual(seen.length, 0)
  })

  test(`${name}: a wrapped io.ontimeout sees a request once, after its last try`, async (t) => {
    const node = createNode(t, DHT, IMPATIENT)
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    peer.serve(() => null)
    const seen = wrap(node.io, 'ontimeout')
    const session = node.session()

    const message = { command: 6, target: TARGET, value: Buffer.from('lost') }
    const asked = session.request(message, peer.address)
    const order = []
    asked.catch(() => order.push('rejected'))
    await assert.rejects(asked, { code: 'REQUEST_TIMEOUT' })
    await until(() => seen.length > 0, 'it is seen')
    await turns(3)

    assert.strictEqual(seen.length, 1)
    const [{ args, self }] = seen
    assert.strictEqual(self, node.io)
    assert.strictEqual(args.length, 1)
    const [req] = args
    const { destroyed, from, internal, command, sent, retries, ttl, token } = req
    assert.deepStrictEqual(
      { destroyed, from, internal, command, sent, retries, ttl, token },
      {
        destroyed: true,
        from: null,
        internal: false,
        command: 6,
        sent: 4,
        retries: 3,
        ttl: 0,
        token: null
      }
    )
    assert.deepStrictEqual({ ...req.to }, { id: null, ...peer.address })
    assert.deepStrictEqual(req.target, TARGET)
    assert.strictEqual(req.value.toString(), 'lost')
    assert.strictEqual(req.session, session)
    assert.strictEqual(req.socket, node.io.clientSocket)
    assert.strictEqual(node.io.inflight.includes(req), false)
  })

  test(`${name}: who observes a timeout knows of it before who waits for the answer`, async (t) => {
    const node = createNode(t, DHT, IMPATIENT)
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    const order = []
    node.io.ontimeout = ({ command }) => order.push(`seen ${command}`)
    const ask = async (command) => {
      await node.request({ command }, peer.address).catch(() => order.push(`rejected ${command}`))
    }

    for (let command = 0; command < 3; command++) await ask(command)
    await until(() => order.length === 6, 'all')

    const expected = [0, 1, 2].flatMap((command) => [`seen ${command}`, `rejected ${command}`])
    assert.deepStrictEqual(order, expected)
  })

  test(`${name}: an observer sees what the user hands in before the call returns`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const seen = wrap(node.io, 'onrequest')
    const socket = { trySend() {} }
    const ping = encodeRequest({
      tid: 2,
      to: node.address(),
      internal: true,
      command: COMMANDS.PING
    })

    node.onmessage(socket, ping, { host: HOST, port: 9 })

    assert.strictEqual(seen.length, 1)
    assert.strictEqual(seen[0].args[0].socket, socket)
    assert.strictEqual(seen[0].args[1], true)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: what an observer does changes nothing`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const seen = []
    const handled = []
    node.on('request', (req) => {
      handled.push(req)
      req.reply(null)
    })
    const { onrequest } = node.io
    node.io.onrequest = (req, external) => {
      seen.push(req.command)
      if (!req.internal) return
      req.reply(Buffer.from('twice'))
      req.sendReply(0, null, false, false)
      req.relay(null, peer.address)
    }

    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    await peer.request({ command: 7 }, to)
    await until(() => seen.length === 2, 'both are seen')
    node.io.onrequest = (req, external) => {
      onrequest.call(node.io, req, external)
      onrequest.call(node.io, req, external)
    }
    await peer.request({ command: 8 }, to)

    assert.strictEqual(peer.received.length, 0)
    assert.deepStrictEqual(
      handled.map(({ command }) => command),
      [7, 8]
    )
  })

  test(`${name}: an observer that throws is an uncaught exception, and nothing is lost by it`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    node.on('request', (req) => req.reply(Buffer.from('yes')))
    const thrown = uncaught(t)
    node.io.onrequest = () => {
      throw new Error('observed')
    }
    const { value } = await peer.request({ command: 7 }, to)
    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    await until(() => thrown.length === 2, 'both are thrown')

    assert.strictEqual(value.toString(), 'yes')
    assert.deepStrictEqual(thrown, ['observed', 'observed'])
  })

  test(`${name}: the engine tells more only to who observes`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const kinds = recordsOf(node)
    const ping = () => peer.request({ internal: true, command: COMMANDS.PING }, to)
    const { onrequest } = node.io

    await ping()
    await turns(3)
    assert.deepStrictEqual(kinds, [])
    node.io.onrequest = () => {}
    await ping()
    await until(() => kinds.length === 1, 'a record')
    node.io.onrequest = onrequest
    await ping()
    await turns(3)
    assert.strictEqual(kinds.length, 1)
  })

  test(`${name}: a handler that is observed may wait`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const seen = wrap(node.io, 'onrequest')
    node.on('request', async (req) => {
      await turns(2)
      req.reply(Buffer.from('late'))
    })
    const arrived = once(node, 'request')
    const { value } = await peer.request({ command: 7 }, serverAddress(node))
    const [req] = await arrived
    assert.strictEqual(value.toString(), 'late')
    assert.strictEqual(seen[0].args[0], req)
  })
}

// The kinds of the records that the engine packs for a node from now on.
function recordsOf(node) {
  const kinds = []
  const handle = internalsOf(node)
  const { onrecord } = handle
  handle.onrecord = function (kind, slab, at) {
    kinds.push(kind)
    return onrecord.call(this, kind, slab, at)
  }
  return kinds
}
