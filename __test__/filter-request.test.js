const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const {
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { COMMANDS, encodeRequest } = require('./helpers/wire')
const { run } = require('./helpers/child')
const { until } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const THROWING = `
  const DHT = require(process.argv[1])
  const opts = { host: '127.0.0.1', bootstrap: [] }
  const uncaught = []
  process.on('uncaughtException', (err) => uncaught.push(err.message))
  let asked = 0
  const filterRequest = () => {
    if (++asked === 1) throw new Error('not you')
    return true
  }
  const server = new DHT({ ...opts, filterRequest })
  const client = new DHT(opts)
  server.on('request', (req) => req.reply(null))
  async function main() {
    await server.bind()
    const to = { host: '127.0.0.1', port: server.localAddress().port }
    const lost = await client.request({ command: 1 }, to, { retry: false }).catch((err) => err.code)
    const { error } = await client.request({ command: 1 }, to)
    const refused = server.stats.protections.filterRequest
    console.log(JSON.stringify({ uncaught, lost, answered: error, refused }))
    await Promise.all([server.destroy(), client.destroy()])
  }
  main()
`

for (const { name, path, DHT } of natives) {
  test(`${name}: every request is asked about, with the address of its sender`, async (t) => {
    const asked = []
    const node = await createBootstrapper(t, DHT, { filterRequest: (from) => asked.push(from) })
    node.on('request', (req) => req.reply(null))
    const raw = await RawPeer.create(t)
    const to = serverAddress(node)

    await raw.request({ internal: true, command: COMMANDS.PING }, to)
    await raw.request({ internal: true, command: COMMANDS.FIND_NODE, target: randomTarget() }, to)
    await raw.request({ command: 7, id: idOf(raw.address) }, to)

    assert.deepStrictEqual(asked, Array(3).fill(raw.address))
    assert.ok(node.table.has(idOf(raw.address)))
    assert.strictEqual(node.stats.protections.filterRequest, 0)
  })

  test(`${name}: what it refuses is dropped before anything is done with it`, async (t) => {
    const [good, bad] = [await RawPeer.create(t), await RawPeer.create(t)]
    let requests = 0
    const node = await createBootstrapper(t, DHT, {
      filterRequest: ({ port }) => port === good.port
    })
    node.on('request', (req) => {
      requests++
      req.reply(null)
    })
    const to = serverAddress(node)

    for (const fields of [{ internal: true, command: COMMANDS.PING }, { command: 7 }]) {
      await bad.send(encodeRequest({ tid: 1, to, id: idOf(bad.address), ...fields }), to)
    }
    await until(() => node.stats.protections.filterRequest === 2, 'both were refused')
    await good.request({ internal: true, command: COMMANDS.PING }, to)

    assert.strictEqual(bad.received.length, 0)
    assert.strictEqual(requests, 0)
    assert.strictEqual(node.table.has(idOf(bad.address)), false)
    assert.strictEqual(node.nodes.length, 0)
  })

  test(`${name}: replies are not asked about`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    let asked = 0
    const filterRequest = () => asked++
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)], filterRequest })
    await node.fullyBootstrapped()
    await node.ping(serverAddress(server))
    assert.ok(node.stats.requests.responses > 0)
    assert.strictEqual(asked, 0)
  })

  test(`${name}: a datagram by onmessage() is judged and answered before that returns`, async (t) => {
    const node = await createBootstrapper(t, DHT, { filterRequest: ({ port }) => port === 1 })
    const sent = []
    const socket = { trySend: (buffer) => sent.push(buffer) }
    const ping = encodeRequest({ tid: 1, to: serverAddress(node), internal: true, command: 0 })

    node.onmessage(socket, ping, { host: '127.0.0.1', port: 2 })
    assert.strictEqual(sent.length, 0)
    node.onmessage(socket, ping, { host: '127.0.0.1', port: 1 })
    assert.strictEqual(sent.length, 1)
  })

  test(`${name}: one that throws drops the request, and nothing else is lost`, async () => {
    const { code, stdout, stderr } = await run(THROWING, [path])
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(JSON.parse(stdout), {
      uncaught: ['not you'],
      lost: 'REQUEST_TIMEOUT',
      answered: 0,
      refused: 1
    })
  })

  test(`${name}: both filters in a network that works`, async (t) => {
    let asked = 0
    const filterRequest = () => ++asked
    const filterNode = ({ port }) => port > 0
    const { all, bootstrap } = await createNetwork(t, Array(8).fill(DHT), {
      filterRequest,
      filterNode
    })
    for (const node of all) node.on('request', (req) => req.reply(null))
    const client = createNode(t, DHT, { bootstrap, filterRequest })

    const query = client.query({ target: randomTarget(), command: 1 }, { commit: true })
    await query.finished()

    assert.strictEqual(query.closestNodes.length, 8)
    assert.ok(asked > 50)
  })

  test(`${name}: what is no function is refused`, () => {
    assert.throws(() => new DHT({ filterRequest: 'all' }), {
      code: 'ERR_INVALID_OPTION',
      message: 'filterRequest must be a function, got "all"'
    })
  })
}
