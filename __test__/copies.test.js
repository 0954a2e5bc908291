'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { createRequire } = require('node:module')
const path = require('node:path')
const { natives } = require('./helpers/packages')
const { copyPackage } = require('./helpers/copy')
const { createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 7)
const HUNG_UP = new Error('hung up')

// Loads the package a second time.
const AGAIN = {
  'of the same files': () => path.join(__dirname, '..'),
  'with a binary of its own': copyPackage
}

for (const { name, DHT } of natives) {
  for (const [what, place] of Object.entries(AGAIN)) {
    test(`${name}: a copy ${what} is another one`, (t) => {
      assert.notStrictEqual(loadAgain(place(t)), DHT)
    })

    test(`${name}: a copy ${what}: its instances are bootstrap nodes`, async (t) => {
      const Other = loadAgain(place(t))
      for (const [Asked, Asking] of [
        [DHT, Other],
        [Other, DHT]
      ]) {
        const first = await createBootstrapper(t, Asked)
        const node = createNode(t, Asking, { bootstrap: [first] })
        await node.fullyBootstrapped()
        assert.deepStrictEqual(node.toArray(), [serverAddress(first)])
      }
    })

    test(`${name}: a copy ${what}: a session of its class for a node of this one`, async (t) => {
      const folder = place(t)
      loadAgain(folder)
      const OtherSession = require(path.join(folder, 'lib', 'dht', 'session'))
      const silent = await RawPeer.create(t)
      const node = createNode(t, DHT)
      await node.bind()
      await groups(node, new OtherSession(node), silent.address)
      // Neither drops what is in flight for the other.
      const own = node.session()
      const kept = node.ping(silent.address, { session: own })
      new OtherSession(node).destroy(HUNG_UP)
      assert.strictEqual(own.inflight.length, 1)
      own.destroy(HUNG_UP)
      await assert.rejects(kept, HUNG_UP)
    })

    test(`${name}: a copy ${what}: a session of a node there`, async (t) => {
      const Other = loadAgain(place(t))
      const silent = await RawPeer.create(t)
      const [node, other] = [createNode(t, DHT), createNode(t, Other)]
      await Promise.all([node.bind(), other.bind()])
      await groups(node, other.session(), silent.address)
      await groups(other, node.session(), silent.address)
    })

    test(`${name}: a copy ${what}: replies and nodes of its queries`, async (t) => {
      const Other = loadAgain(place(t))
      const server = await createBootstrapper(t, DHT)
      server.on('request', (req) => req.reply(req.value))
      const other = createNode(t, Other, { bootstrap: [server] })
      await other.fullyBootstrapped()
      const found = other.findNode(TARGET)
      await found.finished()

      const node = createNode(t, DHT)
      const command = { target: TARGET, command: 1, value: Buffer.from('hello') }
      for (const opts of [
        { replies: found.closestReplies },
        { nodes: found.closestNodes },
        { nodes: other.nodes.toArray() }
      ]) {
        const rows = []
        for await (const { value } of node.query(command, opts)) rows.push(value.toString())
        assert.deepStrictEqual(rows, ['hello'])
      }
    })
  }
}

test('what an object keeps to itself is found, whichever copies have looked before', () => {
  const file = require.resolve('../lib/common/internals')
  const load = () => {
    const before = require.cache[file]
    delete require.cache[file]
    const copy = require(file)
    if (before) require.cache[file] = before
    return copy
  }
  const copies = [load(), load()]
  const objects = copies.map((copy, i) => {
    const object = {}
    copy.hide(object, `internals of ${i}`)
    return object
  })

  for (let looks = 0; looks < 64; looks++) {
    const copy = (looks & 1) ^ ((looks >> 3) & 1)
    const object = ((looks >> 1) & 1) ^ ((looks >> 2) & 1)
    assert.strictEqual(copies[copy].internalsOf(objects[object]), `internals of ${object}`)
  }
})

// What is in flight by the session is counted and dropped with it.
async function groups(node, session, silent) {
  const request = node.request({ command: 1 }, silent, { session })
  const query = node.query({ target: TARGET, command: 1 }, { session, nodes: [silent] })
  const finished = query.finished()
  query.resume()
  await new Promise(setImmediate)
  assert.deepStrictEqual([session.inflight.length, query.inflight], [2, 1])

  session.destroy(HUNG_UP)

  await assert.rejects(request, HUNG_UP)
  await finished
  assert.deepStrictEqual([session.inflight.length, query.errors], [0, 1])
}

// What was in the cache of modules before is there again afterwards.
function loadAgain(folder) {
  const before = { ...require.cache }
  for (const file in require.cache) delete require.cache[file]
  const DHT = createRequire(__filename)(folder)
  for (const file in before) if (!(file in require.cache)) require.cache[file] = before[file]
  return DHT
}
