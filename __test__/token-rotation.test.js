// slow: it waits until tokens are too old

const { describe, test } = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { until } = require('./helpers/until')

// A token lives 7.5 to 15 s; slack for a loaded machine.
const ACCEPTED = 7000
const REFUSED = 16500

// Waits for the real clock: all packages at the same time.
describe('token rotation', { concurrency: true }, () => {
  for (const { name, DHT } of packages) {
    test(`${name}: a token is accepted until it was rotated out twice`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      server.on('request', (req) => req.reply(null))
      const client = createNode(t, DHT)
      const to = serverAddress(server)

      const { token } = await client.request({ command: 1 }, to)
      const issued = performance.now()
      const age = () => performance.now() - issued
      let fresh = null

      await until(
        async () => {
          const reply = await client.request({ command: 1, token }, to)
          if (reply.error === 0) return false
          fresh = reply
          return true
        },
        'the token is stale',
        REFUSED
      )

      assert.ok(age() > ACCEPTED, `refused after ${age()} ms`)
      assert.strictEqual(fresh.error, DHT.ERROR_INVALID_TOKEN)
      assert.notDeepStrictEqual(fresh.token, token)
      const renewed = await client.request({ command: 1, token: fresh.token }, to)
      assert.strictEqual(renewed.error, 0)
    })
  }
})
