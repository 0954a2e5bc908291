const test = require('node:test')
const assert = require('node:assert')
const { Worker } = require('node:worker_threads')
const { once } = require('node:events')
const packages = require('./helpers/udx-packages')
const { turns } = require('./helpers/until')

const TURNS = 300

const FLOOD = `
  const { workerData, parentPort } = require('node:worker_threads')
  const socket = require('node:dgram').createSocket('udp4')
  const send = () => {
    for (const port of workerData) socket.send('counted', port, '127.0.0.1')
    setImmediate(send)
  }
  send()
  parentPort.postMessage('begun')`

// What is read in consecutive statements is of one moment, while others send.
for (const { name, UDX, bound } of packages) {
  test(`${name}: a UDX has received what its sockets have`, async (t) => {
    const udx = new UDX()
    const sockets = [bound(t, udx), bound(t, udx)]
    const ports = sockets.map((socket) => socket.address().port)
    const flood = new Worker(FLOOD, { eval: true, workerData: ports })
    t.after(() => flood.terminate())
    await once(flood, 'message')

    const seen = new Set()
    for (let i = 0; i < TURNS || seen.size < 10; i++) {
      await turns(1)
      const of = (counter) => sockets.map((socket) => socket[counter])
      const [packets, of1, bytes, of2] = [
        udx.packetsReceived,
        of('packetsReceived'),
        udx.bytesReceived,
        of('bytesReceived')
      ]
      assert.strictEqual(packets, of1[0] + of1[1])
      assert.strictEqual(bytes, of2[0] + of2[1])
      assert.strictEqual(bytes, packets * 'counted'.length)
      seen.add(packets)
    }
  })
}
