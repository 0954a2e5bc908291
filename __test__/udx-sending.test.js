const test = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { once } = require('node:events')
const packages = require('./helpers/udx-packages')
const spin = require('./helpers/spin')
const ThreadPeer = require('./helpers/thread-peer')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')

const HOST = '127.0.0.1'
const LENGTHS = [1, 1, 1, 1, 1, 1, 1, 40, 0, 3]

for (const { name, file, UDX, bound } of packages) {
  test(`${name}: messages of a turn arrive whole, to each in their order`, async (t) => {
    const udx = new UDX()
    const senders = [bound(t, udx), bound(t, udx)]
    const receivers = [receiver(bound(t, udx)), receiver(bound(t, udx))]
    for (let n = 0; n < 120; n++) {
      const message = Buffer.alloc(LENGTHS[n % 10], n)
      senders[n % 2].trySend(message, receivers[n % 2].port, HOST)
      message.fill(255) // it is the sender's again
    }
    await until(() => receivers.every(({ got }) => got.length === 60))
    for (const [i, { got }] of receivers.entries()) {
      const sent = (n) => Buffer.alloc(LENGTHS[n % 10], n)
      assert.deepStrictEqual(
        got,
        Array.from({ length: 60 }, (_, n) => sent(2 * n + i))
      )
    }
  })

  test(`${name}: all that was sent is settled before the first answer`, async (t) => {
    const udx = new UDX()
    const [asker, echo] = [bound(t, udx), bound(t, udx)]
    echo.on('message', (message, { host, port }) => echo.trySend(message, port, host))
    let settled = 0
    const answered = once(asker, 'message').then(() => settled)
    for (let n = 0; n < 100; n++) {
      asker.send(Buffer.alloc(100, n), echo.address().port, HOST).then(() => settled++)
    }
    assert.strictEqual(await answered, 100)
  })

  test(`${name}: what was sent before close() leaves, what comes after does not`, async (t) => {
    const udx = new UDX()
    const to = receiver(bound(t, udx))
    const socket = bound(t, udx)
    const send = (n) => socket.send(Buffer.alloc(10, n), to.port, HOST)
    const before = Array.from({ length: 10 }, (_, n) => send(n))
    const closed = socket.close()
    const after = [send(10), send(11)]
    assert.deepStrictEqual(await Promise.all(after), [false, false])
    await Promise.all(before)
    await closed
    await until(() => to.got.length === 10)
    assert.deepStrictEqual(
      to.got.map(([n]) => n),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    )
  })

  test(`${name}: what a turn sent leaves if the process ends in it`, async (t) => {
    const to = dgram.createSocket('udp4')
    t.after(() => to.close())
    to.bind(0, HOST)
    await once(to, 'listening')
    const got = []
    to.on('message', ([n]) => got.push(n))
    const send = `
      const UDX = require(process.argv[1])
      const socket = new UDX().createSocket()
      socket.bind(0, '${HOST}')
      const send = (n) => socket.trySend(Buffer.alloc(10, n), ${to.address().port}, '${HOST}')
      process.on('exit', () => [8, 9].forEach(send))
      for (let n = 0; n < 8; n++) send(n)
      process.exit()
    `
    await run(send, [file])
    await until(() => got.length === 10)
    assert.deepStrictEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
}

for (const { name, UDX, bound } of packages.filter((p) => p.name === 'native')) {
  test(`${name}: what is asked after a message counts it`, async (t) => {
    const udx = new UDX()
    const [socket, other] = [bound(t, udx), bound(t, udx)]
    for (let n = 1; n <= 5; n++) {
      socket.trySend(Buffer.alloc(10), other.address().port, HOST)
      other.trySend(Buffer.alloc(1), socket.address().port, HOST)
      if (n % 2 === 0) assert.strictEqual(udx.packetsTransmitted, 2 * n)
      assert.deepStrictEqual([socket.packetsTransmitted, socket.bytesTransmitted], [n, 10 * n])
    }
  })

  test(`${name}: messages that a computing turn held up are followed by some that leave at once`, async (t) => {
    const to = await ThreadPeer.create(t)
    const socket = bound(t, new UDX())
    const send = () => socket.trySend(Buffer.alloc(10), to.address.port, HOST)
    send()
    assert.ok(to.waitFor(1), 'the first of a turn leaves at once')
    for (let n = 0; n < 3; n++) send()
    spin(5)
    await until(() => to.received === 4)
    for (let n = 0; n < 3; n++) send()
    assert.ok(to.waitFor(7), 'those that follow leave at once')
  })
}

function receiver(socket) {
  const got = []
  socket.on('message', (message) => got.push(message))
  return { got, port: socket.address().port }
}
