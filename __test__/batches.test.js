const { test } = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { Worker } = require('node:worker_threads')
const { packages } = require('./helpers/packages')
const { HOST, createBootstrapper, serverAddress } = require('./helpers/network')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')

const REQUESTS = 150 // their replies fit the buffer of the socket that asks

// Asks from a thread of its own; says how many requests were handled when the first reply came.
const ASKER = `
  const { parentPort, workerData: { port, count, handled } } = require('worker_threads')
  const socket = require('dgram').createSocket('udp4')
  socket.once('message', () => parentPort.postMessage(Atomics.load(handled, 0)))
  for (let i = 0; i < count; i++) {
    socket.send(Buffer.from([3, 0, i, 0, 127, 0, 0, 1, port & 255, port >> 8, i]), port, '127.0.0.1')
  }
`

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
    block(200)
    await until(() => handled.length === REQUESTS, 'every request is handled')
    await until(() => replies.length === REQUESTS, 'every request is answered')

    assert.strictEqual(deepest, 1)
    assert.deepStrictEqual(
      handled,
      [...handled].sort((a, b) => a - b)
    )
  })

  test(`${name}: a handler that computes does not hold up the replies before it`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const handled = new Int32Array(new SharedArrayBuffer(4))
    node.on('request', (req) => {
      req.reply(null)
      block(2)
      Atomics.add(handled, 0, 1)
    })
    const workerData = { port: serverAddress(node).port, count: REQUESTS, handled }
    const asker = new Worker(ASKER, { eval: true, workerData })
    t.after(() => asker.terminate())
    const [handledAtFirstReply] = await once(asker, 'message')
    assert.ok(handledAtFirstReply < REQUESTS / 2, `${handledAtFirstReply} of ${REQUESTS}`)
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

function block(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}
