const test = require('node:test')
const assert = require('node:assert')
const v8 = require('node:v8')
const vm = require('node:vm')
const { natives } = require('./helpers/packages')
const { aborter } = require('./helpers/aborter')
const { createNode, createNetwork } = require('./helpers/network')
const { settled, turns, until } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const NEVER = 0x7fffffff
const COMMAND = 1
const TIMEOUT = { code: 'REQUEST_TIMEOUT', message: 'REQUEST_TIMEOUT: Request timed out' }

for (const { name, DHT } of natives) {
  // Four nodes that answer, and a peer that does not: its lookups last for seconds.
  async function lookup(t, opts) {
    const network = await createNetwork(t, Array(4).fill(DHT))
    for (const node of network.all) node.on('request', (req) => req.reply(req.value))
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT, { bootstrap: network.bootstrap, ...opts })
    await node.fullyBootstrapped()
    const controller = aborter()
    const nodes = [silent.address, ...node.toArray()]
    const start = (given) => {
      const options = { nodes, signal: controller.signal, ...given }
      return node.query({ target: randomTarget(), command: COMMAND }, options)
    }
    return { ...network, node, silent, controller, start, reason: new Error('enough') }
  }

  test(`${name}: an abort ends a query, which keeps what it has`, async (t) => {
    const { node, silent, controller, start, reason } = await lookup(t)
    const query = start()
    const rows = []
    query.on('data', (row) => rows.push(row))
    const finished = outcome(query.finished())
    await until(() => rows.length === 4 && silent.received.length > 0, 'all but one answered')

    controller.abort(reason)

    assert.strictEqual(node.stats.queries.active, 0)
    assert.strictEqual(node.stats.requests.active, 0)
    assert.strictEqual(query.destroying, true)
    assert.strictEqual(await finished, reason)
    await assert.rejects(query.finished(), (err) => err === reason)
    assert.deepStrictEqual(new Set(query.closestReplies), new Set(rows))
    assert.strictEqual(query.closestNodes.length, 4)
    const { successes, errors, inflight } = query
    assert.deepStrictEqual([successes, errors, inflight], [4, 1, 0])
    assert.strictEqual(controller.listeners, 0)
    await assert.rejects(node.ping(silent.address, { retry: false })) // for as long as a try
    assert.strictEqual(silent.received.length, 2, 'the query tried once, the ping as well')
  })

  test(`${name}: nobody reads its rows: the closest replies so far are there`, async (t) => {
    const { node, controller, start, reason } = await lookup(t)
    const query = start()
    const finished = outcome(query.finished())
    await until(() => query.successes === 4, 'all but one answered')

    controller.abort(reason)

    assert.strictEqual(await finished, reason)
    assert.strictEqual(query.closestReplies.length, 4)
    assert.strictEqual(node.stats.queries.active, 0)
  })

  test(`${name}: its time is over`, async (t) => {
    const { node, start } = await lookup(t)
    const query = start({ timeout: 300 })
    const rows = []
    await assert.rejects(async () => {
      for await (const row of query) rows.push(row)
    }, TIMEOUT)
    assert.deepStrictEqual(new Set(query.closestReplies), new Set(rows))
    assert.strictEqual(rows.length, 4)
    await assert.rejects(query.finished(), TIMEOUT)
    const found = node.findNode(randomTarget(), { timeout: NEVER })
    await found.finished()
    assert.strictEqual(found.closestReplies.length, 4)
  })

  test(`${name}: who iterates is told at once`, async (t) => {
    const { controller, start, reason } = await lookup(t)
    const rows = []
    await assert.rejects(
      async () => {
        for await (const row of start()) {
          rows.push(row)
          if (rows.length === 2) controller.abort(reason)
        }
      },
      (err) => err === reason
    )
    assert.strictEqual(rows.length, 2)
  })

  test(`${name}: who iterates slowly gets what had come in`, async (t) => {
    const { controller, start, reason } = await lookup(t)
    const query = start()
    const rows = query[Symbol.asyncIterator]()
    const first = await rows.next()
    await until(() => query.successes === 4, 'the others')
    controller.abort(reason)
    await turns(3)

    const values = [first.value]
    for (let i = 0; i < 3; i++) values.push((await rows.next()).value)
    assert.deepStrictEqual(new Set(values), new Set(query.closestReplies))
    for (let i = 0; i < 2; i++) await assert.rejects(rows.next(), (err) => err === reason)
    assert.deepStrictEqual(await rows.return(), { value: undefined, done: true })
  })

  test(`${name}: a signal that is aborted sends nothing, nor does no time at all`, async (t) => {
    const { node, silent, start, reason } = await lookup(t)
    const { queries, requests } = node.stats
    const before = [queries.total, requests.total]
    for (const read of [finish, iterate, emit]) {
      const timely = start({ signal: undefined, timeout: 0 })
      await assert.rejects(read(timely), { code: 'REQUEST_TIMEOUT' })
      const query = start({ signal: AbortSignal.abort(reason) })
      await assert.rejects(read(query), (err) => err === reason)
      await assert.rejects(iterate(query), (err) => err === reason)
      await assert.rejects(finish(query), (err) => err === reason)
      assert.ok(query.destroyed)
      assert.deepStrictEqual([query.closestReplies, query.successes], [[], 0])
    }
    await turns(3)
    assert.deepStrictEqual([queries.total, requests.total], before)
    assert.strictEqual(queries.active, 0)
    assert.strictEqual(silent.received.length, 0)
  })

  test(`${name}: aborted before anybody reads it`, async (t) => {
    const { node, silent, controller, start, reason } = await lookup(t)
    const unread = [start(), start(), start()]
    const begun = start()
    begun.resume()
    assert.strictEqual(node.stats.queries.active, 4)
    controller.abort(reason)
    assert.strictEqual(node.stats.queries.active, 0)
    await turns(3) // no uncaught error

    for (const query of [...unread, begun]) assert.ok(query.destroyed)
    await assert.rejects(finish(unread[0]), (err) => err === reason)
    await assert.rejects(iterate(unread[1]), (err) => err === reason)
    assert.strictEqual(unread[2].read(), null)
    assert.strictEqual(silent.received.length, 0)
    assert.strictEqual(controller.listeners, 0)
  })

  test(`${name}: reasons that are no errors`, async (t) => {
    const { start } = await lookup(t)
    const given = [
      [undefined, 'AbortError'],
      [null, 'AbortError'],
      [0, 'AbortError'],
      ['text', undefined]
    ]
    for (const [reason, errorName] of given) {
      const controller = aborter()
      const query = start({ signal: controller.signal })
      const finished = query.finished()
      controller.abort(reason)
      const err = await finished.then(assert.fail, (err) => err)
      if (errorName === undefined) assert.strictEqual(err, reason)
      else assert.strictEqual(err.name, errorName)
      await assert.rejects(iterate(query).catch((err) => Promise.reject(new Error(String(err)))))
    }
  })

  test(`${name}: in a session of the user's its own requests go, the others stay`, async (t) => {
    const { node, silent, controller, start, reason } = await lookup(t)
    const session = node.session()
    const ping = session.ping(silent.address)
    const query = start({ session })
    query.resume()
    const finished = outcome(query.finished())
    await until(() => silent.received.length === 2 && query.successes === 4, 'both are out')

    controller.abort(reason)

    assert.strictEqual(await finished, reason)
    assert.strictEqual(node.stats.requests.active, 1)
    assert.strictEqual(query.inflight, 0)
    assert.strictEqual(await settled(ping), 'pending')
    session.destroy()
    await assert.rejects(ping, { code: 'REQUEST_DESTROYED' })
  })

  test(`${name}: commits are given up as well`, async (t) => {
    const { all, node, controller, start, reason } = await lookup(t)
    let held = 0
    for (const each of all) {
      each.removeAllListeners('request')
      each.on('request', (req) => (req.token ? held++ : req.reply(null)))
    }
    const query = start({ commit: true, nodes: node.toArray() })
    const finished = outcome(query.finished())
    await until(() => held === 4, 'everybody is to commit')
    assert.strictEqual(node.stats.requests.active, 4)

    controller.abort(reason)

    assert.strictEqual(node.stats.requests.active, 0)
    assert.strictEqual(await finished, reason)
    assert.strictEqual(query.closestReplies.length, 4)

    const own = aborter()
    const options = {
      commit: () => new Promise(() => {}),
      signal: own.signal,
      nodes: node.toArray()
    }
    const pending = start(options)
    const over = outcome(pending.finished())
    await until(() => pending.closestReplies.length === 4 && pending.inflight === 0, 'it commits')
    own.abort(reason)
    assert.strictEqual(await over, reason)
  })

  test(`${name}: what ends otherwise leaves nothing behind`, async (t) => {
    const { node, controller, start } = await lookup(t)
    const opts = { nodes: node.toArray(), timeout: NEVER }
    for await (const row of start(opts)) assert.strictEqual(row.error, 0)
    await start(opts).finished()
    for await (const row of start(opts)) if (row) break
    start(opts).destroy()
    await assert.rejects(start({ nodes: [], onlyClosestNodes: true, commit: true }).finished())
    await turns(3)
    assert.strictEqual(controller.listeners, 0)
    const left = start()
    const failed = outcome(left.finished())
    await node.destroy()
    await failed
    assert.strictEqual(controller.listeners, 0)
    controller.abort()
  })

  for (const by of ['its time', 'its signal']) {
    test(`${name}: a commit that never ends is given up by ${by}, also if nobody holds the query`, async (t) => {
      const { node, controller, start } = await lookup(t)
      const gc = globalThis.gc || exposedGc()
      let committing = false
      const commit = () => new Promise(() => (committing = true))
      let failed = null
      // A machine may be too slow to get there in time.
      for (let timeout = by === 'its time' ? 200 : NEVER; !committing; timeout *= 2) {
        const signal = by === 'its time' ? null : controller.signal
        failed = outcome(begin({ nodes: node.toArray(), signal, timeout, commit }))
        await Promise.race([until(() => committing, 'it commits'), failed])
      }

      for (let i = 0; i < 3; i++) await turns(2).then(gc)
      if (by === 'its signal') controller.abort()

      const given = await Promise.race([failed, until(() => false, 'it is given up').catch(same)])
      assert.ok(given.code === TIMEOUT.code || given.name === 'AbortError', given)

      // What a function that waits had in its hands is not collected.
      function begin(opts) {
        return start(opts).finished()
      }
    })
  }

  test(`${name}: a query that everybody forgot is not kept by its signal or its time`, async (t) => {
    const { node, controller, start } = await lookup(t)
    const gc = globalThis.gc || exposedGc()
    makeMany()
    assert.ok(controller.listeners > 0)
    await until(() => {
      gc()
      return node.stats.queries.active === 0 && controller.listeners === 0
    }, 'they are collected')

    function makeMany() {
      for (let i = 0; i < 100; i++) start({ timeout: NEVER })
    }
  })
}

function exposedGc() {
  v8.setFlagsFromString('--expose-gc')
  return vm.runInNewContext('gc')
}

function same(err) {
  return err
}

function outcome(promise) {
  return promise.then(
    () => 'resolved',
    (err) => err
  )
}

function finish(query) {
  return query.finished()
}

async function iterate(query) {
  for await (const row of query) assert.fail(row)
}

function emit(query) {
  return new Promise((resolve, reject) => query.on('error', reject).on('end', resolve))
}
