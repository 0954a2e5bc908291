// slow: hundreds of requests wait for handlers that compute

const { test } = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { natives, packages } = require('./helpers/packages')
const { HOST, createBootstrapper, createNode, serverAddress } = require('./helpers/network')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')
const spin = require('./helpers/spin')
const ThreadPeer = require('./helpers/thread-peer')

const REQUESTS = 150 // their replies fit the buffer of the socket that asks
// A turn of the event loop, in ms of handlers, and the records until the time is looked at again.
const TURN = 4
const LOOK = 16

for (const { name, DHT, path } of packages) {
  test(`${name}: calls in a handler deliver nothing but what they cause`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const handled = []
    const added = []
    let depth = 0
    let deepest = 0
    node.on('add-node', () => added.push(handled.length))
    node.on('request', (req) => {
      deepest = Math.max(deepest, ++depth)
      node.addNode({ host: HOST, port: 1000 + req.command })
      assert.strictEqual(node.table.size, added.length, 'seen before the call returns')
      handled.push(req.command)
      req.reply(null)
      depth--
    })

    const replies = await flood(t, node)
    spin(200)
    await until(() => handled.length === REQUESTS, 'every request is handled')
    await until(() => replies.length === REQUESTS, 'every request is answered')

    assert.strictEqual(deepest, 1)
    assert.deepStrictEqual(
      handled,
      [...handled].sort((a, b) => a - b)
    )
  })

  test(`${name}: handlers that compute do not hold up the replies before them`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await ThreadPeer.create(t)
    let handled = 0
    let handledAtFirstReply = 0
    node.on('request', (req) => {
      req.reply(null)
      handled++
      if (handledAtFirstReply > 0) return
      if (peer.waitFor(1, 20)) handledAtFirstReply = handled
    })
    peer.ask(serverAddress(node), REQUESTS)
    await until(() => handled === REQUESTS, 'every request is handled')
    assert.ok(handledAtFirstReply > 0, 'no reply was seen before the last handler')
  })

  test(`${name}: a reply leaves while its handler computes on`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await ThreadPeer.create(t)
    let left = null
    node.on('request', (req) => {
      req.reply(null)
      left = peer.waitFor(1)
    })
    peer.ask(serverAddress(node), 1)
    await until(() => left !== null, 'the request is handled')
    assert.ok(left)
  })

  test(`${name}: a reply leaves while what follows an await computes on`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await ThreadPeer.create(t)
    let left = null
    node.on('request', async (req) => {
      await null
      req.reply(null)
      left = peer.waitFor(1)
    })
    peer.ask(serverAddress(node), 1)
    await until(() => left !== null, 'the request is handled')
    assert.ok(left)
  })

  test(`${name}: requests leave while the turn that made them computes on`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await ThreadPeer.create(t)
    for (let i = 0; i < 12; i++) node.ping(peer.address, { retry: false }).catch(() => {})
    assert.ok(peer.waitFor(12))
  })

  test(`${name}: what follows a request comes before the next request`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const log = []
    node.on('request', async ({ command }) => {
      log.push(`request ${command}`)
      process.nextTick(() => log.push(`tick ${command}`))
      for (let i = 0; i < 10; i++) await null
      log.push(`hops ${command}`)
    })

    await flood(t, node)
    spin(200)
    await until(() => log.length === 3 * REQUESTS, 'every request is handled')

    const each = (i) => [`request ${i}`, `tick ${i}`, `hops ${i}`]
    assert.deepStrictEqual(log, Array.from({ length: REQUESTS }, (_, i) => each(i)).flat())
  })

  test(`${name}: a reply made right before process.exit() leaves`, async () => {
    const source = `
      const dgram = require('dgram')
      const node = require(process.argv[1]).bootstrapper(0xffff & (10000 + process.pid), '127.0.0.1', { host: '127.0.0.1', anyPort: true })
      node.on('request', (req) => { req.reply(Buffer.from('bye')); process.exit(0) })
      node.fullyBootstrapped().then(() => process.stdout.write(String(node.address().port) + ' '))
    `
    const socket = dgram.createSocket('udp4').bind(0, HOST)
    await once(socket, 'listening')
    const replied = once(socket, 'message')
    const { ended } = askWhenUp(source, socket)
    const [reply] = await replied
    assert.match(reply.toString('latin1'), /bye$/)
    assert.strictEqual((await ended).code, 0)
    socket.close()
  })

  function askWhenUp(source, socket) {
    const ended = run(source, [path], { onstdout: (text) => ask(Number(text.trim())) })
    return { ended }

    function ask(port) {
      socket.send(request(0, port), port, HOST)
    }
  }
}

for (const { name, DHT } of natives) {
  for (const [ms, count] of [
    [0.05, 8000],
    [2, REQUESTS]
  ]) {
    const title = `${name}: the loop turns while requests wait whose handlers take ${ms} ms`
    test(title, { timeout: 60000 }, async (t) => {
      const node = await createBootstrapper(t, DHT)
      const peer = await ThreadPeer.create(t)
      let handled = 0
      node.on('request', () => {
        spin(ms)
        handled++
      })
      peer.ask(serverAddress(node), 1e6) // until the end of the test

      let most = 0
      for (let before = 0; before < count && !t.signal.aborted;) {
        await new Promise((resolve) => setImmediate(resolve))
        most = Math.max(most, handled - before)
        before = handled
      }
      assert.ok(most > 1, 'they waited')
      assert.ok(most <= TURN / ms + 2 * LOOK, `${most} requests in one turn of the loop`)
    })
  }

  test(`${name}: what a node asked for passes the requests that wait`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const other = await createBootstrapper(t, DHT)
    const asker = createNode(t, DHT)
    await asker.fullyBootstrapped()
    const peer = await ThreadPeer.create(t)
    let handled = 0
    node.on('request', () => {
      spin(1)
      handled++
    })
    peer.ask(serverAddress(node), 1e6, 1000) // until the end of the test
    await until(() => node.io.dropped > 0, 'no more requests can wait')

    const before = handled
    await asker.ping(serverAddress(other))
    const passed = handled - before
    assert.ok(passed < 500, `${passed} of about 2000 requests that waited were handled first`)
  })
}

// Sends REQUESTS user requests, their number being the command; resolves when they are all sent.
async function flood(t, node) {
  const { port } = serverAddress(node)
  const socket = dgram.createSocket('udp4').bind(0, HOST)
  t.after(() => socket.close())
  const replies = []
  socket.on('message', (reply) => replies.push(reply))
  for (let i = 0; i < REQUESTS; i++) {
    await new Promise((resolve) => socket.send(request(i, port), port, HOST, resolve))
  }
  return replies
}

function request(command, port) {
  const bytes = [0x03, 0, command & 255, command >> 8, 127, 0, 0, 1, port & 255, port >> 8]
  return Buffer.from(
    command < 0xfd ? [...bytes, command] : [...bytes, 0xfd, command & 255, command >> 8]
  )
}
