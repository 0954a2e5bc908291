const { AsyncLocalStorage, createHook, executionAsyncId } = require('node:async_hooks')
const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const {
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { turns, until } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const { run } = require('./helpers/child')
const { encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const ECHO = 1
const TRIES = 40
const als = new AsyncLocalStorage()

// What the network causes belongs to nobody; what is awaited goes on where it is awaited.
for (const { name, DHT } of packages) {
  test(`${name}: a stranger's request is nobody's, whoever has requests in flight`, async (t) => {
    const silent = await RawPeer.create(t)
    const stranger = await RawPeer.create(t)
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const seen = []
    node.on('request', () => seen.push(als.getStore()))

    for (let tid = 0; tid < TRIES; tid++) {
      als.run('alice', () => node.request({ command: ECHO }, silent.address).catch(noop))
      await turns(tid % 4)
      await stranger.send(encodeRequest({ tid, to, command: ECHO }), to)
      await until(() => seen.length > tid, 'the request')
    }

    assert.deepStrictEqual(new Set(seen), new Set([undefined]))
  })

  test(`${name}: filters, rows, commits and ends are nobody's`, async (t) => {
    const seen = {}
    const note = (what) => (seen[what] = seen[what] || new Set()).add(als.getStore())
    const filterNode = () => {
      note('filterNode')
      return true
    }
    const { bootstrap, nodes } = await createNetwork(t, Array(6).fill(DHT), { filterNode })
    for (const node of nodes) node.on('request', (req) => req.reply(req.value))
    const client = createNode(t, DHT, { bootstrap, filterNode })
    await client.fullyBootstrapped()

    const opts = {
      map(reply) {
        note('map')
        return reply
      },
      async commit() {
        note('commit')
      }
    }
    let over = false
    const asking = als.run('alice', () => Promise.all([1, 2, 3].map(ask)))
    for (let i = 0; i < TRIES; i++) {
      const message = { target: randomTarget(), command: ECHO }
      const query = als.run('bob', () => client.query(message, opts))
      for (const event of ['data', 'end', 'close']) query.on(event, () => note(event))
      await als.run('carol', () => query.finished())
      await turns(i % 4)
    }
    over = true
    await asking

    for (const what of ['filterNode', 'map', 'data', 'commit', 'end', 'close']) {
      assert.deepStrictEqual([what, ...seen[what]], [what, undefined])
    }

    async function ask() {
      while (!over) await client.ping(bootstrap[0])
    }
  })

  test(`${name}: what is awaited goes on in the context of who awaits`, async (t) => {
    const { bootstrap, all } = await createNetwork(t, Array(4).fill(DHT))
    for (const node of all) node.on('request', (req) => req.reply(req.value))
    const [to] = bootstrap
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT, { bootstrap })
    const target = randomTarget()
    const steps = {
      bind: () => node.bind(),
      bootstrapped: () => node.fullyBootstrapped(),
      request: () => node.request({ command: ECHO }, to),
      timeout: () => node.ping(silent.address, { retry: false }).catch(noop),
      burst: () => Promise.all(Array.from({ length: 100 }, () => node.ping(to))),
      finished: () => node.findNode(target).finished(),
      commit: () => node.query({ target, command: ECHO }, { commit: true }).finished(),
      state: () => node._updateNetworkState(),
      suspend: () => node.suspend(),
      resume: () => node.resume(),
      destroy: () => node.destroy()
    }

    await Promise.all(['alice', 'bob'].map((who) => als.run(who, () => rows(who))))
    for (const [step, go] of Object.entries(steps)) {
      await als.run(step, async () => {
        await go()
        assert.strictEqual(als.getStore(), step)
      })
    }

    async function rows(who) {
      let count = 0
      for await (const reply of node.findNode(target)) {
        assert.ok(reply)
        assert.strictEqual(als.getStore(), who)
        count++
      }
      assert.strictEqual(count, all.length)
      assert.strictEqual(als.getStore(), who)
    }
  })

  test(`${name}: a request's handler was not triggered by who asks others meanwhile`, async (t) => {
    const triggers = new Map()
    const hook = createHook({ init: (id, type, trigger) => triggers.set(id, trigger) }).enable()
    t.after(() => hook.disable())
    const peer = await RawPeer.create(t)
    const stranger = await RawPeer.create(t)
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    peer.serve(() => ({}))
    const callers = new Set()
    const handlers = []
    node.on('request', () => handlers.push(ancestors(executionAsyncId())))

    let over = false
    const asking = ask()
    for (let tid = 0; tid < TRIES; tid++) {
      await turns(tid % 4)
      await stranger.send(encodeRequest({ tid, to, command: ECHO }), to)
      await until(() => handlers.length > tid, 'the request')
    }
    over = true
    await asking

    const blamed = handlers.filter((ids) => ids.some((id) => callers.has(id)))
    assert.deepStrictEqual(blamed, [])

    async function ask() {
      while (!over) {
        callers.add(executionAsyncId())
        await node.request({ command: ECHO }, peer.address)
      }
    }

    function ancestors(id) {
      const ids = []
      for (; id; id = triggers.get(id)) ids.push(id)
      return ids
    }
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: every event is nobody's, whoever made the node or caused it`, async (t) => {
    const seen = []
    const listen = (node) => {
      const emit = node.emit
      node.emit = function (event, ...args) {
        seen.push([event, als.getStore()])
        return emit.call(this, event, ...args)
      }
      node.on('add-node', noop)
      node.on('remove-node', noop)
      return node
    }
    const server = await createBootstrapper(t, DHT)
    const node = als.run('maker', () =>
      listen(createNode(t, DHT, { bootstrap: [serverAddress(server)], ephemeral: false }))
    )
    await als.run('waiter', () => node.fullyBootstrapped())

    als.run('adder', () => node.addNode({ host: HOST, port: 9 }))
    als.run('sampler', () => node._natAdd('9.9.9.9', 9))
    als.run('clock', () => node._onwakeup())
    als.run('interfaces', () => node._onnetworkchange([]))
    const datagram = encodeRequest({ tid: 1, to: serverAddress(node), command: ECHO })
    als.run('receiver', () => node.onmessage(node.socket, datagram, { host: HOST, port: 9 }))
    await als.run('sleeper', () => node.suspend())
    await als.run('riser', () => node.resume())
    await als.run('ender', () => node.destroy())

    const expected = ['listening', 'persistent', 'ready', 'add-node', 'nat-update', 'wakeup']
    expected.push('network-change', 'network-update', 'request', 'suspend', 'resume', 'close')
    const events = new Set(seen.map(([event]) => event))
    assert.deepStrictEqual(
      expected.filter((event) => !events.has(event)),
      []
    )
    const own = new Set(['newListener', 'removeListener', 'network-change', 'network-update'])
    assert.deepStrictEqual(
      seen.filter(([event, who]) => who && !own.has(event)),
      []
    )
  })

  test(`${name}: a context that a handler enters is gone with the next record`, async (t) => {
    const peer = await RawPeer.create(t)
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const seen = []
    node.on('request', (req) => {
      seen.push(als.getStore())
      als.enterWith('handler')
      if (seen.length % 2) node.addNode({ host: HOST, port: 1000 + seen.length })
      req.reply(null)
    })
    node.on('add-node', () => seen.push(als.getStore()))

    for (let tid = 0; tid < TRIES; tid++) {
      await peer.send(encodeRequest({ tid, to, command: ECHO }), to)
      if (tid % 5 === 0) await turns(2)
    }
    await until(() => peer.received.length === TRIES, 'all replies')
    await node.ping(peer.address, { retry: false }).catch(noop)

    assert.ok(seen.length > TRIES)
    assert.deepStrictEqual(new Set(seen), new Set([undefined]))
  })

  test(`${name}: nor does a handler run in what a filter has entered, of the same datagram or another`, async (t) => {
    const seen = {}
    const enter = (what) => {
      seen[what] = [...(seen[what] || []), als.getStore()]
      als.enterWith(what)
      return true
    }
    const node = await createBootstrapper(t, DHT, {
      filterRequest: () => enter('filterRequest'),
      filterNode: () => enter('filterNode')
    })
    const to = serverAddress(node)
    node.on('add-node', () => enter('add-node'))
    node.on('request', (req) => {
      enter('request')
      req.reply(null)
    })
    const peer = await RawPeer.create(t)
    const id = idOf(peer.address)
    for (let tid = 0; tid < TRIES; tid++) {
      await peer.send(encodeRequest({ tid, to, id, command: ECHO }), to)
      if (tid % 5 === 0) await turns(2)
    }
    await until(() => peer.received.length === TRIES, 'all replies')

    for (const what of ['filterRequest', 'filterNode', 'add-node', 'request']) {
      assert.deepStrictEqual([what, ...new Set(seen[what])], [what, undefined])
    }
  })
}

// Everything in a process of its own: the package is loaded in a context as well.
for (const { name, path } of natives) {
  test(`${name}: loaded and made in a context, it is in none`, async () => {
    const { stdout, stderr } = await run(
      `${WITHIN}
      let node
      within('loader', () => require(process.argv[1]))
      within('maker', () => (node = make()))
      node.on('request', (req) => {
        seen.add(als.getStore())
        req.reply(null)
      })
      main(async () => {
        const to = { host: '127.0.0.1', port: node.localAddress().port }
        for (let i = 0; i < 20; i++) await within('asker', () => node.request({ command: 1 }, to))
        console.log(...seen)
      })`,
      [path]
    )
    assert.strictEqual(stderr, '')
    assert.strictEqual(stdout, 'undefined\n')
  })

  test(`${name}: a live node keeps no context alive`, async () => {
    const { stdout, stderr } = await run(
      `${WITHIN}
      let node, other, query
      within('loader', () => require(process.argv[1]))
      within('maker', () => (node = make()))
      main(async () => {
        const to = { host: '127.0.0.1', port: node.localAddress().port }
        const target = Buffer.alloc(32, 1)
        within('joiner', () => (other = make({ bootstrap: [to] })))
        await within('binder', () => other.bind())
        await within('waiter', () => other.fullyBootstrapped())
        node.on('request', (req) => {
          within('handler', (store) => als.enterWith(store))
          req.reply(req.value)
        })
        within('listener', () => other.on('add-node', () => {}))
        within('reader', () => [other.table.toArray(), other.stats.queries.total, other.health, other.io])
        within('caller', () => other.addNode({ host: '127.0.0.1', port: 9 }))
        within('refresher', () => other.refresh())
        await within('asker', () => other.request({ command: 1 }, to))
        await within('burst', () => Promise.all(Array.from({ length: 100 }, () => other.ping(to))))
        await within('silent', () => other.ping({ host: '127.0.0.1', port: 9 }, { retry: false }).catch(() => {}))
        await within('session', async () => {
          const session = other.session()
          const pinged = session.ping(to).catch(() => {})
          session.destroy()
          await pinged
        })
        await within('committer', () => {
          query = other.query({ command: 1, target }, { commit: true })
          return query.finished().catch(() => {})
        })
        await within('reader of rows', async () => {
          for await (const row of other.findNode(target)) row.rtt
        })
        await within('prober', () => other._updateNetworkState())
        await within('sleeper', () => other.suspend())
        await within('riser', () => other.resume())
        await other.ping(to)
        const left = () => Object.keys(stores).filter((name) => stores[name].deref())
        for (let i = 0; i < 100 && left().length > 0; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          gc()
        }
        console.log(left().join() || 'none')
      })`,
      [path],
      { execArgv: ['--expose-gc'] }
    )
    assert.strictEqual(stderr, '')
    assert.strictEqual(stdout, 'none\n')
  })
}

const WITHIN = `
  const { AsyncLocalStorage } = require('async_hooks')
  const als = new AsyncLocalStorage()
  const seen = new Set()
  const stores = {}
  const within = (name, go) => {
    const store = { name }
    stores[name] = new WeakRef(store)
    return als.run(store, go, store)
  }
  const nodes = []
  const make = (opts) => {
    const DHT = require(process.argv[1])
    const node = new DHT({ host: '127.0.0.1', bootstrap: [], ...opts })
    nodes.push(node)
    return node
  }
  const main = async (go) => {
    await nodes[0].fullyBootstrapped()
    await go()
    for (const node of nodes) await node.destroy()
  }
`

function noop() {}
