const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
const { pairings } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')
const { COMMANDS, decodeReply, encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const OTHER_HOST = '127.0.0.2'
const STORE = 7

for (const { name, Server, Client } of pairings) {
  async function pair(t) {
    const server = await createBootstrapper(t, Server)
    const tokens = []
    server.on('request', (req) => {
      tokens.push(req.token)
      req.reply(null)
    })
    const client = createNode(t, Client)
    return { server, client, tokens, to: serverAddress(server) }
  }

  test(`${name}: a token that was handed out is accepted`, async (t) => {
    const { client, tokens, to } = await pair(t)

    const { token } = await client.request({ command: STORE }, to)
    const reply = await client.request({ command: STORE, token }, to)

    assert.strictEqual(reply.error, 0)
    assert.strictEqual(reply.token.byteLength, 32)
    assert.strictEqual(tokens[0], null)
    assert.deepStrictEqual(tokens[1], token)
  })

  test(`${name}: a token is for the host, not for the port`, async (t) => {
    const { client, tokens, to } = await pair(t)
    const neighbour = createNode(t, Client)

    const { token } = await client.request({ command: STORE }, to)
    const reply = await neighbour.request({ command: STORE, token }, to)

    assert.strictEqual(reply.error, 0)
    assert.deepStrictEqual(tokens[1], token)
  })

  test(`${name}: a token from another host is refused, with a fresh one`, async (t) => {
    const { client, tokens, to } = await pair(t)
    const stranger = createNode(t, Client, { host: OTHER_HOST })

    const theirs = await stranger.request({ command: STORE }, to)
    const refused = await client.request({ command: STORE, token: theirs.token }, to)
    const accepted = await client.request({ command: STORE, token: refused.token }, to)

    assert.strictEqual(theirs.to.host, OTHER_HOST)
    assert.strictEqual(refused.error, Client.ERROR_INVALID_TOKEN)
    assert.strictEqual(refused.error, 2)
    assert.strictEqual(refused.value, null)
    assert.strictEqual(refused.token.byteLength, 32)
    assert.notDeepStrictEqual(refused.token, theirs.token)
    assert.strictEqual(accepted.error, 0)
    assert.deepStrictEqual(tokens, [null, refused.token])
  })

  test(`${name}: a made-up token is refused before the handler sees it`, async (t) => {
    const { server, client, tokens, to } = await pair(t)
    server.addNode({ host: HOST, port: 4444 })
    const token = randomBytes(32)

    const plain = await client.request({ command: STORE, token }, to)
    const aimed = await client.request({ command: STORE, token, target: randomTarget() }, to)

    assert.deepStrictEqual([plain.error, aimed.error], [2, 2])
    assert.deepStrictEqual(plain.token, aimed.token)
    assert.strictEqual(plain.closerNodes, null)
    assert.strictEqual(aimed.closerNodes.length, 1)
    assert.strictEqual(aimed.closerNodes[0].port, 4444)
    assert.deepStrictEqual(tokens, [])
  })

  test(`${name}: internal commands with a made-up token are refused as well`, async (t) => {
    const { server, to } = await pair(t)
    const raw = await RawPeer.create(t)
    const ping = { internal: true, command: COMMANDS.PING }

    const refused = await raw.request({ ...ping, token: randomBytes(32) }, to)
    const accepted = await raw.request({ ...ping, token: refused.token }, to)

    assert.strictEqual(refused.error, 2)
    assert.deepStrictEqual(refused.id, server.id)
    assert.strictEqual(accepted.error, 0)
    assert.strictEqual(accepted.token, null)
  })

  test(`${name}: the token of a reply to a third node is for that node's host`, async (t) => {
    const { server, to } = await pair(t)
    const asking = await RawPeer.create(t)
    const third = await RawPeer.create(t, { host: OTHER_HOST })
    server.removeAllListeners('request')
    server.on('request', (req) => {
      if (req.command === STORE) return req.reply(null)
      req.reply(null, { to: third.address })
    })

    await asking.send(encodeRequest({ tid: 1, to, command: 1 }), to)
    const { data } = await third.receive()
    const { token } = decodeReply(data)

    assert.strictEqual((await third.request({ command: STORE, token }, to)).error, 0)
    assert.strictEqual((await asking.request({ command: STORE, token }, to)).error, 2)
  })

  test(`${name}: query replies carry tokens, and each node its own`, async (t) => {
    const one = await pair(t)
    const two = await pair(t)
    const client = createNode(t, Client, { bootstrap: [one.to, two.to] })

    const query = client.query({ target: randomTarget(), command: STORE })
    const replies = []
    for await (const reply of query) replies.push(reply)

    assert.strictEqual(replies.length, 2)
    assert.notDeepStrictEqual(replies[0].token, replies[1].token)
    const swapped = await client.request(
      { command: STORE, token: replies[0].token },
      replies[1].from
    )
    assert.strictEqual(swapped.error, 2)
  })
}
