const test = require('node:test')
const assert = require('node:assert')
const native = require('../lib/crossing/native')
const environment = require('../lib/crossing/environment')
const { natives } = require('./helpers/packages')
const { createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { until } = require('./helpers/until')

const FLAGS = 3 // word of a request record
const LENGTH = 12 // word of a request record
const VALUE = 8

const { DHT } = natives[0]

// What crosses to the binding and back.
test('a request of a batch that cannot be read fails, and those behind it are made', async (t) => {
  const server = await createBootstrapper(t, DHT)
  const node = createNode(t, DHT)
  await node.fullyBootstrapped()
  const { submit } = native
  t.after(() => (native.submit = submit))
  let spoilt = false
  native.submit = (bytes, length) => {
    if (!spoilt) {
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset)
      words[FLAGS] |= VALUE
      words[LENGTH] = 0xffffff
      spoilt = true
    }
    submit(bytes, length)
  }

  const to = serverAddress(server)
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => node.ping(to)))

  assert.ok(spoilt)
  const failed = outcomes.filter(({ status }) => status === 'rejected')
  assert.deepStrictEqual(
    failed.map(({ reason }) => reason.code),
    ['ERR_VALUE_TOO_LARGE']
  )
})

test('a request whose target was overwritten is answered, or the target refused', async (t) => {
  const server = await createBootstrapper(t, DHT)
  const node = createNode(t, DHT)
  const errors = []
  server.on('request', (req) => {
    req.target = Buffer.alloc(5)
    try {
      req.reply(null)
    } catch (err) {
      errors.push(err)
    }
    req.target = undefined
    req.reply(Buffer.from('fine'))
  })
  const message = { command: 1, target: Buffer.alloc(32) }
  const reply = await node.request(message, serverAddress(server))
  assert.strictEqual(reply.value.toString(), 'fine')
  assert.deepStrictEqual(
    errors.map(({ code, message }) => [code, message.slice(0, 16)]),
    [['ERR_INVALID_TARGET', 'target must be 3']]
  )
})

test('what a batch that yielded has left is delivered before the polls are driven', async (t) => {
  const server = await createBootstrapper(t, DHT)
  const node = createNode(t, DHT)
  await node.fullyBootstrapped()
  const to = serverAddress(server)
  const uncaught = []
  const onuncaught = (err) => uncaught.push(err.message)
  process.on('uncaughtException', onuncaught)
  t.after(() => process.removeListener('uncaughtException', onuncaught))

  let driven = 0
  const ping = async () => {
    await node.ping(to)
    // Whatever comes first after a batch that yielded: nothing of it may be overwritten.
    if (environment._yielded && environment.drive()) driven++
  }
  const pings = Promise.all(Array.from({ length: 64 }, ping))
  await pings
  await until(() => driven > 0, 'a drive in the midst of a batch')
  assert.deepStrictEqual(uncaught, [])
  assert.strictEqual(node.io.inflight.length, 0)
})
