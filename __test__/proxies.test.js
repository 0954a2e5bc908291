const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { natives } = require('./helpers/packages')
const { KINDS, USABLE, membersOf, isOurs } = require('./helpers/proxies')
const { createNode, createNetwork, serverAddress } = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

for (const { name, DHT } of natives) {
  for (const [kind, make] of Object.entries(KINDS)) {
    test(`${name}: every member of every object reads through ${kind}`, async (t) => {
      const roots = await live(t, DHT)
      const wrap = make()
      const seen = new Set()
      const failures = []

      for (const [path, root] of Object.entries(roots)) walk(path, root, wrap(root))

      assert.strictEqual(failures.slice(0, 20).join('\n'), '')
      for (const [path, object] of Object.entries(roots)) assert.ok(seen.has(object), path)
      assert.ok(seen.has(roots.node.nodes.oldest) && seen.has(roots.node.io.inflight))

      function walk(path, object, proxy) {
        if (seen.has(object)) return
        seen.add(object)
        for (const key of membersOf(object)) {
          const at = `${path}.${String(key)}`
          const value = read(at, object, key)
          const read_ = read(at, proxy, key)
          if (!isOurs(value)) compare(at, value, read_)
          else walk(at, value, isProxied(read_, value) ? read_ : wrap(value))
        }
      }

      function read(at, object, key) {
        try {
          return object[key]
        } catch (err) {
          failures.push(`${at}: ${err.message}`)
          return undefined
        }
      }

      function compare(at, value, other) {
        if (typeof value === 'function' || typeof value === 'object') return
        if (typeof value === 'number' || Object.is(value, other)) return // times go on
        failures.push(`${at}: ${String(other)} instead of ${String(value)}`)
      }
    })
  }

  for (const kind of USABLE) {
    test(`${name}: a node, its parts and a request are used through ${kind}`, async (t) => {
      const { all, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
      const wrap = KINDS[kind]()
      const target = randomTarget()
      const node = createNode(t, DHT, { bootstrap })
      const proxy = wrap(node)
      await proxy.fullyBootstrapped()
      const requests = once(node, 'request')
      all[1].on('request', (req) => wrap(req).reply(Buffer.from('answer'), { token: false }))

      const to = serverAddress(all[1])
      const { value } = await proxy.request({ command: 1, target }, to)
      assert.strictEqual(String(value), 'answer')
      assert.strictEqual((await proxy.ping(to, { socket: proxy.socket })).error, 0)
      assert.strictEqual((await proxy.session().ping(to)).error, 0)
      assert.strictEqual((await node.ping(to, { session: wrap(node.session()) })).error, 0)

      const query = wrap(proxy.findNode(target))
      await query.finished()
      assert.strictEqual(query.closestReplies.length, 4)
      assert.strictEqual(query.closestNodes.length, 4)
      const rows = []
      for await (const row of wrap(proxy.findNode(target))) rows.push(row)
      assert.strictEqual(rows.length, 4)

      const { nodes, table } = proxy
      assert.strictEqual(nodes.length, 4)
      assert.ok(nodes.has(nodes.latest) && node.nodes.has(nodes.latest) && !nodes.has({}))
      assert.ok(table.has(nodes.latest.id))
      assert.strictEqual(idsOf(table.closest(target)), idsOf(node.table.closest(target)))
      assert.strictEqual(nodes.oldest.next.prev.port, nodes.oldest.port)
      assert.strictEqual(JSON.stringify(proxy.stats), JSON.stringify(node.stats))
      assert.deepStrictEqual({ ...proxy.stats.requests }, { ...node.stats.requests })
      assert.strictEqual(proxy.io.inflight.length, 0)
      assert.strictEqual(JSON.stringify(proxy.address()), JSON.stringify(node.address()))
      proxy.health.update()
      proxy.addNode({ host: '127.0.0.1', port: 9 })
      assert.strictEqual(proxy.toArray().length, 5)

      const asking = all[2].request(
        { command: 2 },
        { host: '127.0.0.1', port: node.address().port }
      )
      const [req] = await requests
      wrap(req).error(7)
      assert.strictEqual((await asking).error, 7)

      const session = wrap(proxy.session())
      const dropped = session.ping(to)
      assert.strictEqual(session.inflight.length, 1)
      session.destroy(new Error('mine'))
      await assert.rejects(dropped, { message: 'mine' })

      const seen = []
      proxy.io.onresponse = (res) => seen.push(res)
      const made = proxy.io.createRequest(to, null, true, 0, null, null, wrap(session), 0)
      const answered = new Promise((resolve) => (made.onresponse = resolve))
      made.send()
      assert.strictEqual((await answered).tid, made.tid)
      assert.deepStrictEqual([made.sent, made.destroyed, seen.length], [1, false, 1])
      proxy.io.congestion.send()
      assert.strictEqual(proxy.io.congestion.isFull(), false)
      assert.strictEqual(proxy.io.token({ host: '127.0.0.1' }, 1).byteLength, 32)
      assert.strictEqual(proxy.table.rows.flatMap((row) => row.nodes).length, 5)
      assert.strictEqual(proxy.table.remove(nodes.latest.id), true)
      proxy._removeNode(nodes.latest)
      assert.strictEqual(table.size, 3)
      assert.ok([...proxy.io.networkInterfaces].length > 0)

      await proxy.suspend()
      await proxy.resume()
      await proxy.destroy()
    })
  }
}

// A member of each kind of object that a program can get hold of.
async function live(t, DHT) {
  const { all, bootstrap } = await createNetwork(t, Array(3).fill(DHT))
  const silent = await RawPeer.create(t)
  const node = createNode(t, DHT, { bootstrap })
  await node.fullyBootstrapped()
  const request = once(all[1], 'request')
  const answer = node.request({ command: 1, target: randomTarget() }, serverAddress(all[1]))
  const [req] = await request
  req.reply(Buffer.from('value'))
  const reply = await answer

  const ended = node.findNode(randomTarget())
  await ended.finished()
  const running = node.query({ target: randomTarget(), command: 1 }, { nodes: [silent.address] })
  running.on('data', () => {})
  const session = node.session()
  const failed = session.ping(silent.address).catch((err) => err)
  session.destroy()
  session.ping(silent.address).catch(() => {})
  node.request({ command: 1 }, silent.address, { signal: AbortSignal.timeout(60000) }).catch(noop)
  for (let i = 0; i < 4; i++) node.health.update()
  const caught = (call) => call().catch((err) => err)
  return {
    node,
    req,
    reply,
    ended,
    running,
    unread: node.findNode(randomTarget()),
    session,
    inflight: session.inflight[0],
    destroyed: await failed,
    invalid: await caught(() => node.ping(null)),
    made: node.io.createRequest({ ...silent.address }, null, true, 0, null, null, null, 0),
    row: Object.values(node.table.rows)[0],
    config: node.config,
    udx: node.udx,
    protections: node.stats.protections,
    rttStats: await node.rttStats()
  }
}

function isProxied(proxy, value) {
  return isOurs(proxy) && proxy !== value
}

function idsOf(entries) {
  return entries.map(({ id }) => id.toString('hex')).join()
}

function noop() {}
