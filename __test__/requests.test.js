const { describe, test } = require('node:test')
const assert = require('node:assert')
const { pairings } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { once } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')

describe('requests', { concurrency: 4 }, () => {
  for (const { name, Server, Client } of pairings) {
    async function pair(t, onrequest, opts) {
      const server = await createBootstrapper(t, Server)
      if (onrequest) server.on('request', onrequest)
      const client = createNode(t, Client, opts)
      return { server, client, to: serverAddress(server) }
    }

    test(`${name}: what the asked one sees`, async (t) => {
      const { server, client, to } = await pair(t)
      const target = randomTarget()
      const arrived = once(server, 'request')
      const replied = client.request({ command: 42, target, value: Buffer.from('hello') }, to)
      const [req] = await arrived
      req.reply(Buffer.from('world'))
      const reply = await replied

      assert.strictEqual(req.command, 42)
      assert.strictEqual(req.internal, false)
      assert.strictEqual(req.token, null)
      assert.deepStrictEqual(Buffer.from(req.target), target)
      assert.strictEqual(req.value.toString(), 'hello')
      assert.strictEqual(req.tid, reply.tid)
      assert.deepStrictEqual(req.from, {
        id: null,
        host: HOST,
        port: client.io.clientSocket.address().port
      })
      assert.strictEqual(req.to.host, to.host)
      assert.strictEqual(req.to.port, to.port)
      assert.strictEqual(req.socket, server.io.serverSocket)
    })

    test(`${name}: what the asking one gets`, async (t) => {
      const { server, client, to } = await pair(t, (req) => req.reply(Buffer.from('world')))
      server.addNode({ host: HOST, port: 4444 })

      const reply = await client.request({ command: 1, target: randomTarget() }, to)

      assert.deepStrictEqual(reply.from, { id: idOf(to), ...to })
      assert.strictEqual(reply.value.toString(), 'world')
      assert.strictEqual(reply.error, 0)
      assert.strictEqual(reply.token.byteLength, 32)
      assert.strictEqual(reply.closerNodes.length, 1)
      assert.strictEqual(reply.closerNodes[0].host, HOST)
      assert.strictEqual(reply.closerNodes[0].port, 4444)
    })

    test(`${name}: without a target there are no closer nodes`, async (t) => {
      const { server, client, to } = await pair(t, (req) => req.reply(null))
      server.addNode({ host: HOST, port: 4444 })

      const reply = await client.request({ command: 1 }, to)

      assert.strictEqual(reply.closerNodes, null)
      assert.strictEqual(reply.value, null)
      assert.strictEqual(reply.token.byteLength, 32)
    })

    test(`${name}: an empty value stays an empty value, both ways`, async (t) => {
      const values = []
      const { client, to } = await pair(t, (req) => {
        values.push(req.value)
        req.reply(req.value)
      })

      const empty = await client.request({ command: 1, value: Buffer.alloc(0) }, to)
      const none = await client.request({ command: 1, value: null }, to)
      const missing = await client.request({ command: 1 }, to)

      assert.strictEqual(values[0].byteLength, 0)
      assert.deepStrictEqual(values.slice(1), [null, null])
      assert.strictEqual(empty.value.byteLength, 0)
      assert.deepStrictEqual([none.value, missing.value], [null, null])
    })

    test(`${name}: values of all sizes, both ways`, async (t) => {
      const { client, to } = await pair(t, (req) => req.reply(req.value))

      for (const size of [1, 252, 253, 1000, 1024, 1200]) {
        const value = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + size) & 255))
        const reply = await client.request({ command: 1, value }, to)
        assert.deepStrictEqual(reply.value, value)
      }
    })

    test(`${name}: the largest value of a plain request`, async (t) => {
      const { client, to } = await pair(t, (req) =>
        req.reply(Buffer.from([req.value.length & 255]))
      )
      const reply = await client.request({ command: 1, value: Buffer.alloc(2034, 1) }, to)
      assert.deepStrictEqual(reply.value, Buffer.from([2034 & 255]))
    })

    test(`${name}: values may be any bytes`, async (t) => {
      const { client, to } = await pair(t, (req) => req.reply(new Uint8Array(req.value)))
      const bytes = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4)

      const reply = await client.request(
        { command: 1, value: bytes, target: new Uint8Array(32) },
        to
      )

      assert.deepStrictEqual(reply.value, Buffer.from([1, 2, 3]))
    })

    test(`${name}: commands of all lengths, the internal numbers among them`, async (t) => {
      const seen = []
      const { client, to } = await pair(t, (req) => {
        seen.push(req.command)
        req.reply(null)
      })
      const commands = [0, 1, 2, 3, 4, 252, 253, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]

      for (const command of commands) await client.request({ command }, to)

      assert.deepStrictEqual(seen, commands)
    })

    test(`${name}: errors carry the code and closer nodes, no token, no value`, async (t) => {
      const { server, client, to } = await pair(t, (req) => req.error(req.command))
      server.addNode({ host: HOST, port: 4444 })

      for (const code of [16, 252, 253, 65536, 2 ** 32]) {
        const reply = await client.request({ command: code, target: randomTarget() }, to)
        assert.strictEqual(reply.error, code)
        assert.strictEqual(reply.token, null)
        assert.strictEqual(reply.value, null)
        assert.strictEqual(reply.closerNodes.length, 1)
      }

      const untargeted = await client.request({ command: 16 }, to)
      assert.strictEqual(untargeted.closerNodes, null)
    })

    test(`${name}: tokens and closer nodes are the handler's choice`, async (t) => {
      const choices = [
        (req) => req.reply(null, { token: false }),
        (req) => req.reply(null, { closerNodes: false }),
        (req) => req.error(16, { token: true, closerNodes: false })
      ]
      const { server, client, to } = await pair(t, (req) => choices[req.command](req))
      server.addNode({ host: HOST, port: 4444 })
      const ask = (command) => client.request({ command, target: randomTarget() }, to)

      const [untokened, alone, error] = [await ask(0), await ask(1), await ask(2)]

      assert.strictEqual(untokened.token, null)
      assert.strictEqual(untokened.closerNodes.length, 1)
      assert.strictEqual(alone.token.byteLength, 32)
      assert.strictEqual(alone.closerNodes, null)
      assert.strictEqual(error.error, 16)
      assert.strictEqual(error.token.byteLength, 32)
      assert.strictEqual(error.closerNodes, null)
    })

    test(`${name}: nobody listens: unknown command`, async (t) => {
      const { client, to } = await pair(t)

      const reply = await client.request({ command: 3, value: Buffer.from('x') }, to)

      assert.strictEqual(reply.error, Client.ERROR_UNKNOWN_COMMAND)
      assert.strictEqual(reply.error, 1)
      assert.strictEqual(reply.token, null)
    })

    test(`${name}: who listens before the turn of sending ends hears the request`, async (t) => {
      const { server, client, to } = await pair(t)
      await client.fullyBootstrapped()

      const replied = client.request({ command: 3 }, to)
      server.on('request', (req) => req.reply(Buffer.from('heard')))
      const reply = await replied

      assert.strictEqual(reply.error, 0)
      assert.strictEqual(reply.value.toString(), 'heard')
    })

    test(`${name}: a reply may come later`, async (t) => {
      const { client, to } = await pair(t, async (req) => {
        await new Promise((resolve) => setTimeout(resolve, 30))
        req.reply(req.value)
      })

      const reply = await client.request({ command: 1, value: Buffer.from('late') }, to)

      assert.strictEqual(reply.value.toString(), 'late')
      assert.ok(reply.rtt >= 25)
    })

    test(`${name}: a retried request is a new request event`, async (t) => {
      const tids = []
      const onrequest = (req) => {
        tids.push(req.tid)
        if (tids.length === 3) req.reply(null)
      }
      const { client, to } = await pair(t, onrequest, IMPATIENT)

      const reply = await client.request({ command: 1 }, to)

      assert.deepStrictEqual(tids, [reply.tid, reply.tid, reply.tid])
      assert.strictEqual(client.stats.requests.retries, 2)
      assert.strictEqual(client.stats.requests.responses, 1)
    })

    test(`${name}: only the first reply counts`, async (t) => {
      const onrequest = (req) => {
        req.reply(Buffer.from('first'))
        req.reply(Buffer.from('second'))
      }
      const { client, to } = await pair(t, onrequest)

      const first = await client.request({ command: 1 }, to)
      const again = await client.request({ command: 1 }, to)

      assert.strictEqual(first.value.toString(), 'first')
      assert.strictEqual(again.value.toString(), 'first')
      assert.strictEqual(client.stats.requests.responses, 2)
    })

    test(`${name}: nobody answers`, async (t) => {
      let count = 0
      const { client, to } = await pair(t, () => count++, IMPATIENT)

      await assert.rejects(client.request({ command: 1 }, to), {
        name: 'DHTError',
        code: 'REQUEST_TIMEOUT',
        message: 'REQUEST_TIMEOUT: Request timed out'
      })
      assert.strictEqual(count, 4)

      await assert.rejects(client.request({ command: 1 }, to, { retry: false }), {
        code: 'REQUEST_TIMEOUT'
      })
      assert.strictEqual(count, 5)
      assert.strictEqual(client.stats.requests.timeouts, 2)
      assert.strictEqual(client.stats.requests.retries, 3)
      assert.strictEqual(client.stats.requests.active, 0)
    })

    test(`${name}: more requests at once than the window has places`, async (t) => {
      const { client, to } = await pair(t, (req) => req.reply(req.value))
      await client.fullyBootstrapped()

      const values = Array.from({ length: 170 }, (_, i) => Buffer.from(`value ${i}`))
      const asked = values.map((value) => client.request({ command: 1, value }, to))
      assert.strictEqual(client.stats.requests.active, 170)
      const replies = await Promise.all(asked)

      assert.deepStrictEqual(
        replies.map(({ value }) => value),
        values
      )
      assert.strictEqual(new Set(replies.map(({ tid }) => tid)).size, 170)
      assert.strictEqual(client.stats.requests.active, 0)
    })

    test(`${name}: every buffer owns its bytes exactly`, async (t) => {
      const { nodes, bootstrap } = await createNetwork(t, Array(4).fill(Server))
      for (const node of nodes) node.on('request', (req) => req.reply(Buffer.from('four')))
      const client = createNode(t, Client, { bootstrap })

      const reply = await client.request(
        { command: 1, target: randomTarget() },
        serverAddress(nodes[0])
      )
      const query = client.findNode(randomTarget())
      await query.finished()

      assert.strictEqual(reply.from.id.buffer.byteLength, 32)
      for (const { id } of query.closestNodes) assert.strictEqual(id.buffer.byteLength, 32)
      for (const { id } of client.nodes.toArray()) assert.strictEqual(id.buffer.byteLength, 32)
    })

    test(`${name}: requests made before the sockets are bound wait for them`, async (t) => {
      const { server, to } = await pair(t, (req) => req.reply(Buffer.from('hi')))
      const client = createNode(t, Client)
      assert.strictEqual(client.io.clientSocket, null)

      const [reply, pong] = await Promise.all([client.request({ command: 1 }, to), client.ping(to)])

      assert.strictEqual(reply.value.toString(), 'hi')
      assert.deepStrictEqual(pong.from.id, server.id)
      assert.strictEqual(client.stats.requests.retries, 0)
    })
  }
})
