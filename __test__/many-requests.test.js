// Requests among many cross to the engine together. Nobody may notice but by the clock.
const { describe, test } = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { once } = require('node:events')
const { packages, natives } = require('./helpers/packages')
const { HOST, createBootstrapper, createNode, serverAddress } = require('./helpers/network')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')
const Slots = require('../lib/dht/slots')

const MANY = 60 // at a time, more than a batch and less than the congestion window
const COMMAND = 7
const BOUND = 32_768 // requests in flight of a node

describe('many requests', () => {
  for (const { name, DHT } of packages) {
    test(`${name}: each shows in the counters as soon as it is made`, async (t) => {
      const { node, to } = await pair(t, DHT)
      const { requests, commands } = node.stats
      const before = { total: requests.total, active: requests.active, tx: commands.ping.tx }
      const pings = []
      for (let i = 1; i <= MANY; i++) {
        pings.push(node.ping(to))
        assert.strictEqual(requests.total, before.total + i)
        assert.strictEqual(requests.active, before.active + i)
        assert.strictEqual(commands.ping.tx, before.tx + i)
        assert.strictEqual(node.io.inflight.length, before.active + i)
      }
      await Promise.all(pings)
    })

    test(`${name}: each gets the reply to its own value`, async (t) => {
      const { node, to, server } = await pair(t, DHT)
      server.on('request', (req) => req.reply(req.value))
      const values = Array.from({ length: MANY }, (_, i) => Buffer.alloc(10 * i, i))
      for (let round = 0; round < 3; round++) {
        const replies = await Promise.all(
          values.map((value) => node.request({ command: COMMAND, value }, to))
        )
        assert.deepStrictEqual(
          replies.map(({ value }) => value || Buffer.alloc(0)),
          values
        )
      }
    })

    test(`${name}: the last ones can be taken back with their session`, async (t) => {
      const { node, to } = await pair(t, DHT)
      const session = node.session()
      const pings = Array.from({ length: MANY }, () => session.ping(to))
      const reason = new Error('taken back')
      session.destroy(reason)
      const settled = await Promise.allSettled(pings)
      assert.ok(settled.every(({ status, reason: why }) => status === 'rejected' && why === reason))
      assert.ok(await node.ping(to), 'the node goes on')
    })

    test(`${name}: destroy() rejects those that were made right before`, async (t) => {
      const { node, to } = await pair(t, DHT)
      const pings = Array.from({ length: MANY }, () => node.ping(to))
      const [settled] = await Promise.all([Promise.allSettled(pings), node.destroy()])
      const ends = settled.map(({ reason }) => (reason ? reason.code : 'answered'))
      assert.ok(ends.every((end) => end === 'REQUEST_DESTROYED' || end === 'answered'))
    })
  }

  for (const { name, DHT, path } of natives) {
    test(`${name}: those made right before process.exit() leave`, async (t) => {
      const socket = dgram.createSocket('udp4')
      t.after(() => socket.close())
      socket.bind(0, HOST)
      await once(socket, 'listening')
      let arrived = 0
      socket.on('message', () => arrived++)

      const source = `
        const [, path, port, count] = process.argv
        const node = new (require(path))({ host: '127.0.0.1', bootstrap: false })
        node.fullyBootstrapped().then(() => {
          for (let i = 0; i < count; i++) node.ping({ host: '127.0.0.1', port: +port })
          process.exit()
        })`
      const { stderr } = await run(source, [path, socket.address().port, MANY])
      assert.strictEqual(stderr, '')
      await until(() => arrived === MANY, 'every request arrives')
    })

    test(`${name}: those over the bound are refused, by name, and the others kept`, async (t) => {
      const { node } = await pair(t, DHT)
      const mute = dgram.createSocket('udp4')
      t.after(() => mute.close())
      mute.bind(0, HOST)
      await once(mute, 'listening')

      const to = { host: HOST, port: mute.address().port }
      const pings = Array.from({ length: BOUND + MANY }, () => node.ping(to))
      const codes = new Map()
      for (const ping of pings) {
        ping.catch(({ code }) => codes.set(code, (codes.get(code) || 0) + 1))
      }
      await until(() => codes.get('TOO_MANY_REQUESTS') === MANY, 'those over it are refused')
      assert.strictEqual(node.io.inflight.length, BOUND)
      await node.destroy()
      assert.strictEqual(codes.get('REQUEST_DESTROYED'), BOUND)
    })
  }
})

test('a number is not taken for another after its place was used again', () => {
  const slots = new Slots()
  const first = { number: 0 }
  const second = { number: 0 }
  const before = slots.add(first)
  assert.strictEqual(slots.take(before), first)
  assert.strictEqual(slots.take(before), null)

  const after = slots.add(second)
  assert.notStrictEqual(after, before)
  assert.strictEqual(slots.take(before), null)
  assert.deepStrictEqual(slots.all(), [second])
  assert.strictEqual(slots.take(after), second)
})

test('places that many had are given back, and the last one is refused', () => {
  const slots = new Slots()
  const numbers = Array.from({ length: 65_535 }, () => slots.add({ number: 0 }))
  assert.strictEqual(new Set(numbers).size, numbers.length)
  assert.ok(numbers.every((number) => number > 0))
  assert.strictEqual(slots.add({ number: 0 }), 0)
  for (const number of numbers) assert.strictEqual(slots.take(number).number, number)
  assert.deepStrictEqual(slots.all(), [])
  assert.ok(slots.add({ number: 0 }) > 0)
})

async function pair(t, DHT) {
  const server = await createBootstrapper(t, DHT)
  const node = createNode(t, DHT, { bootstrap: false })
  await node.fullyBootstrapped()
  return { server, node, to: serverAddress(server) }
}
