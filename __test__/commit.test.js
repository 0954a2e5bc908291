const test = require('node:test')
const assert = require('node:assert')
const { createHash } = require('node:crypto')
const { packages, pairings, natives } = require('./helpers/packages')
const { createNode, createNetwork, serverAddress } = require('./helpers/network')
const { closestOf, randomTarget } = require('./helpers/ids')

const VALUES = 0

for (const { name, Server, Client, server } of pairings) {
  // The reference answers in bucket order and misses one now and then.
  const least = server === 'native' ? 20 : 16

  test(`${name}: commit to the 20 closest, read by a fresh client`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(28).fill(Server))
    const stores = all.map(keepValues)
    const value = Buffer.from('Hello World!')
    const target = hash(value)

    const writer = createNode(t, Client, { bootstrap })
    const put = writer.query({ target, command: VALUES, value }, { commit: true })
    await put.finished()

    const holders = all.filter((_, i) => stores[i].has(target.toString('hex')))
    const expected = new Set(closestOf(target, all.map(serverAddress)))
    const hits = names(put.closestNodes).filter((name) => expected.has(name))
    assert.strictEqual(put.closestReplies.length, 20)
    assert.deepStrictEqual(names(holders.map(serverAddress)), names(put.closestNodes))
    assert.ok(hits.length >= least, `${hits.length} of the 20 closest`)

    const reader = createNode(t, Client, { bootstrap })
    const found = []
    for await (const reply of reader.query({ target, command: VALUES })) {
      if (reply.value) found.push(reply.value.toString())
    }
    assert.ok(found.length >= least, `${found.length} of 20 values`)
    assert.deepStrictEqual(new Set(found), new Set(['Hello World!']))
  })

  test(`${name}: a commit carries token, target, command and value`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(4).fill(Server))
    const commits = []
    for (const node of all) {
      node.on('request', (req) => {
        if (req.token) commits.push(req)
        req.reply(null)
      })
    }
    const client = createNode(t, Client, { bootstrap })
    const target = randomTarget()

    await client
      .query({ target, command: 300, value: Buffer.from('v') }, { commit: true })
      .finished()

    assert.strictEqual(commits.length, 4)
    for (const req of commits) {
      assert.strictEqual(req.command, 300)
      assert.strictEqual(req.value.toString(), 'v')
      assert.deepStrictEqual(Buffer.from(req.target), target)
      assert.strictEqual(req.token.byteLength, 32)
    }
  })

  test(`${name}: an error reply to a commit is a commit done`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(3).fill(Server))
    let refused = 0
    for (const node of all) {
      node.on('request', (req) => {
        if (!req.token) return req.reply(null)
        refused++
        req.error(16)
      })
    }
    const client = createNode(t, Client, { bootstrap })

    await client.query({ target: randomTarget(), command: 1 }, { commit: true }).finished()

    assert.strictEqual(refused, 3)
  })

  test(`${name}: a reply without token cannot be committed to`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(3).fill(Server))
    const commits = []
    for (const [i, node] of all.entries()) {
      node.on('request', (req) => {
        if (req.token) commits.push(i)
        req.reply(null, { token: req.command === 1 ? i === 0 : false })
      })
    }
    const client = createNode(t, Client, { bootstrap })
    const query = (command) => client.query({ target: randomTarget(), command }, { commit: true })

    await query(1).finished()
    assert.deepStrictEqual(commits, [0])

    await assert.rejects(query(2).finished(), /^Error: No token received for closest node$/)
    assert.deepStrictEqual(commits, [0])
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: commit with nobody there`, async (t) => {
    const client = createNode(t, DHT)
    const query = client.query({ target: randomTarget(), command: 1 }, { commit: true })
    const errors = []
    query.on('error', (err) => errors.push(err))

    await assert.rejects(query.finished(), /Too few nodes responded/)
    await assert.rejects(query.finished(), /Too few nodes responded/)

    assert.strictEqual(errors.length, 1)
    assert.strictEqual(query.destroyed, true)
    assert.strictEqual(client.stats.queries.active, 0)
  })

  test(`${name}: commit with ephemeral nodes only`, async (t) => {
    const ephemeral = createNode(t, DHT)
    ephemeral.on('request', (req) => req.reply(null))
    await ephemeral.fullyBootstrapped()
    const client = createNode(t, DHT, { bootstrap: [serverAddress(ephemeral)] })

    const query = client.query({ target: randomTarget(), command: 1 }, { commit: true })
    await assert.rejects(query.finished(), /Too few nodes responded/)

    assert.strictEqual(query.successes, 1)
    assert.deepStrictEqual(query.closestReplies, [])
  })

  test(`${name}: a commit function is called for each of the closest`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(5).fill(DHT))
    for (const node of all) node.on('request', (req) => req.reply(null))
    const client = createNode(t, DHT, { bootstrap })
    const calls = []
    let release = null
    const released = new Promise((resolve) => (release = resolve))
    let ended = false

    const query = client.query(
      { target: randomTarget(), command: 1 },
      {
        commit(...args) {
          calls.push(args)
          if (calls.length === 5) setTimeout(release, 30, performance.now())
          return released
        }
      }
    )
    query.on('end', () => (ended = true))
    const finished = query.finished()
    await released
    assert.strictEqual(ended, false)
    await finished

    assert.strictEqual(ended, true)
    assert.deepStrictEqual(
      calls.map(([reply]) => reply),
      query.closestReplies
    )
    for (const [i, [reply, dht, q]] of calls.entries()) {
      assert.strictEqual(reply, query.closestReplies[i])
      assert.strictEqual(dht, client)
      assert.strictEqual(q, query)
      assert.strictEqual(calls[i].length, 3)
    }
  })

  test(`${name}: the stream errors only if every commit failed`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
    for (const node of all) node.on('request', (req) => req.reply(null))
    const client = createNode(t, DHT, { bootstrap })
    const run = (commit) => client.query({ target: randomTarget(), command: 1 }, { commit })

    let count = 0
    await run(async () => {
      if (++count < 4) throw new Error('one of many')
    }).finished()
    assert.strictEqual(count, 4)

    const failures = []
    const commit = async () => {
      const err = new Error(`failure ${failures.length}`)
      failures.push(err)
      throw err
    }
    await assert.rejects(run(commit).finished(), (err) => err === failures[3])
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: a commit function that throws failed, a plain value is done`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(3).fill(DHT))
    for (const node of all) node.on('request', (req) => req.reply(null))
    const client = createNode(t, DHT, { bootstrap })
    const run = (commit) => client.query({ target: randomTarget(), command: 1 }, { commit })
    const failure = new Error('thrown')

    await run(() => 1).finished()
    await run(() => undefined).finished()
    await assert.rejects(
      run(() => {
        throw failure
      }).finished(),
      (err) => err === failure
    )
  })

  test(`${name}: too few nodes: how many answered, how many were persistent`, async (t) => {
    const ephemeral = createNode(t, DHT)
    ephemeral.on('request', (req) => req.reply(null))
    await ephemeral.fullyBootstrapped()
    const client = createNode(t, DHT, { bootstrap: [serverAddress(ephemeral)] })

    const query = client.query({ target: randomTarget(), command: 1 }, { commit: true })

    await assert.rejects(query.finished(), (err) => {
      assert.strictEqual(err.message, 'Too few nodes responded')
      const { code, answered, persistent } = err
      assert.deepStrictEqual([code, answered, persistent], ['TOO_FEW_NODES', 1, 0])
      return true
    })
  })
}

function keepValues(node) {
  const values = new Map()
  node.on('request', (req) => {
    if (!req.token) return req.reply(values.get(req.target.toString('hex')))
    values.set(hash(req.value).toString('hex'), req.value)
    req.reply(null)
  })
  return values
}

function hash(value) {
  return createHash('sha256').update(value).digest()
}

function names(addresses) {
  return addresses.map(({ host, port }) => `${host}:${port}`).sort()
}
