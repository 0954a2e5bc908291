// slow: it keeps the thread busy for seconds

const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const Crowd = require('./helpers/crowd')
const HeldPeer = require('./helpers/held-peer')
const {
  HASTY,
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  port,
  serverAddress
} = require('./helpers/network')
const { idOf, randomTarget } = require('./helpers/ids')
const { turns, until } = require('./helpers/until')
const spin = require('./helpers/spin')

const ECHO = 1

// What has to happen before a test believes that it looked often enough.
const LOOKS = 1500
const ENOUGH = { added: 100, removed: 10, requests: 100, replies: 300, joined: 20 }

for (const { name, DHT } of packages) {
  test(`${name}: under full load what is read in a turn stands still`, async (t) => {
    const { node, seen, stop } = await load(t, DHT)
    let looks = 0

    while (looks < LOOKS || Object.keys(ENOUGH).some((key) => seen[key] < ENOUGH[key])) {
      await turns(1)
      const first = look(node)
      const counted = count(node)
      assertConsistent(node, first)
      spin(0.2)
      assertSame(look(node), first)
      assertCounted(count(node), counted)
      ask(node, first.latest)
      spin(0.2)
      assertSame(look(node), first)
      // Nothing but promises that are resolved: still the same turn.
      await hops(3)
      spin(0.2)
      assertSame(look(node), first)
      looks++
    }

    await stop()
    assert.deepStrictEqual(seen.torn, [])
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: what a node is when its events are emitted`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)], ephemeral: false })
    const random = node.table.id
    const events = []
    const record = (event) => {
      const { host, port, id, ephemeral, firewalled, bootstrapped } = node
      events.push({ event, host, port, id, ephemeral, firewalled, bootstrapped })
    }
    for (const event of ['listening', 'nat-update', 'persistent', 'ready']) {
      node.on(event, () => record(event))
    }

    await node.fullyBootstrapped()
    record('bootstrapped')

    const unknown = { host: null, port: 0, id: null }
    const client = { host: HOST, port: node.io.clientSocket.address().port, id: null }
    const { host, port } = serverAddress(node)
    const id = idOf({ host, port })
    const before = { ephemeral: true, firewalled: true, bootstrapped: false }
    const after = { ephemeral: false, firewalled: false, bootstrapped: false }
    // It went persistent by then, but its table has still to be rebuilt.
    const between = { host, port, id: random, ...after }
    assert.deepStrictEqual(events, [
      { event: 'listening', ...unknown, ...before },
      { event: 'nat-update', ...client, ...before },
      { event: 'nat-update', ...between },
      { event: 'persistent', host, port, id, ...after },
      { event: 'ready', host, port, id, ...after, bootstrapped: true },
      { event: 'bootstrapped', host, port, id, ...after, bootstrapped: true }
    ])
  })

  for (const count of [2, 3, 12]) {
    test(`${name}: ${count} replies and a request in one batch`, async (t) => {
      const peer = await HeldPeer.create(t, count, { command: ECHO })
      const node = createNode(t, DHT)
      await node.fullyBootstrapped()
      const log = []
      node.on('request', () => log.push('request'))

      for (let i = 0; i < count; i++) follow(node.ping(peer.address), i)
      await peer.answer()
      await until(() => log.includes('request'), 'the request behind the replies')

      const expected = Array.from({ length: count }, (_, i) => [`reply ${i}`, `hops ${i}`]).flat()
      assert.deepStrictEqual(log, [...expected, 'request'])

      async function follow(promise, i) {
        await promise
        log.push(`reply ${i}`)
        await hops(10)
        log.push(`hops ${i}`)
      }
    })
  }

  test(`${name}: what follows a row of a query comes before the next row`, async (t) => {
    const { bootstrap } = await createNetwork(t, Array(12).fill(DHT))
    const node = createNode(t, DHT, { bootstrap })
    await node.fullyBootstrapped()
    const log = []

    const query = node.findNode(randomTarget(), { map })
    await query.finished()
    await turns(1)

    assert.strictEqual(query.successes, 12)
    const expected = Array.from({ length: 12 }, (_, i) => [`row ${i}`, `hops ${i}`]).flat()
    assert.deepStrictEqual(log, expected)

    function map(reply) {
      const i = log.length / 2
      log.push(`row ${i}`)
      hops(10).then(() => log.push(`hops ${i}`))
      return reply
    }
  })
}

// A node of a network in which everything happens at once, until it is stopped.
async function load(t, DHT) {
  const { bootstrap, nodes, all } = await createNetwork(t, Array(8).fill(DHT), HASTY)
  const node = nodes.at(-1)
  const crowd = await Crowd.gather(t, 40, [port(node), node.io.clientSocket.address().port])
  const seen = { added: 0, removed: 0, requests: 0, replies: 0, joined: 0, torn: [] }
  let stopped = false

  node.on('add-node', () => watch('added'))
  node.on('remove-node', () => watch('removed'))
  node.on('request', (req) => {
    watch('requests')
    req.reply(req.value)
  })

  t.after(() => (stopped = true))
  const work = [
    repeat(() => node.ping(crowd[0])),
    repeat(() => node.ping(serverAddress(all[1]))),
    repeat(() => all[2].request({ command: ECHO }, serverAddress(node))),
    repeat(() => node.findNode(randomTarget(), { retries: 0 }).finished()),
    repeat(() => all[3].findNode(randomTarget(), { retries: 0 }).finished()),
    repeat(joinAndLeave)
  ]
  return { node, seen, stop }

  function stop() {
    stopped = true
    return Promise.all(work)
  }

  async function repeat(step) {
    while (!stopped) {
      await step().catch(() => {})
      watch('replies')
      await turns(1)
    }
  }

  async function joinAndLeave() {
    const peer = new DHT({ host: HOST, bootstrap, ephemeral: false, ...HASTY })
    await peer.fullyBootstrapped()
    seen.joined++
    await peer.destroy()
  }

  // In handlers, too, everything belongs together.
  function watch(what) {
    seen[what]++
    try {
      const first = look(node)
      assertConsistent(node, first)
      assertSame(look(node), first)
    } catch (err) {
      seen.torn.push(`${what}: ${err.message}`)
    }
  }
}

// What a program may do in the middle of a turn. Nothing of it stays in flight.
function ask(node, { id, host, port }) {
  const session = node.session()
  session.ping({ host, port }).catch(() => {})
  session.request({ command: ECHO }, { host, port }).catch(() => {})
  session.destroy()
  node.findNode(id).destroy()
}

function look(node) {
  const { host, port, id, ephemeral, bootstrapped, nodes, table } = node
  const forth = []
  for (let entry = nodes.oldest; entry !== null; entry = entry.next) forth.push(entry)
  const back = []
  for (let entry = nodes.latest; entry !== null; entry = entry.prev) back.push(entry)
  const standing = { host, port, id, tableId: table.id, ephemeral, bootstrapped }
  const ticks = forth.map(({ seen, pinged, added, downHints }) => [seen, pinged, added, downHints])
  const { length, oldest, latest } = nodes
  const sizes = { size: table.size, length, ticks: ticks.join() }
  return { ...standing, ...sizes, oldest, latest, forth, back, table: table.toArray() }
}

function assertConsistent(node, { forth, back, table, size, length, oldest, latest }) {
  assert.deepStrictEqual([table.length, length, forth.length], [size, size, size])
  assertIdentical(back.reverse(), forth, 'back and forth')
  back.reverse()
  assertIdentical(node.nodes.toArray(), forth, 'toArray')
  assert.deepStrictEqual(new Set(table), new Set(forth))
  assert.ok(oldest === (forth[0] || null), 'oldest')
  assert.ok(latest === (forth.at(-1) || null), 'latest')
  assert.ok(node.table.closest(node.table.id).every((entry) => forth.includes(entry)))
  for (const [i, entry] of forth.entries()) {
    assert.ok(entry.prev === (forth[i - 1] || null), 'prev')
    assert.ok(entry.next === (forth[i + 1] || null), 'next')
    assert.ok(node.table.get(entry.id) === entry, 'get')
  }
  const names = forth.map(({ host, port }) => ({ host, port })).reverse()
  assert.deepStrictEqual(node.toArray(), names)
}

// Field by field the same values, and the same objects.
function assertSame(now, before) {
  for (const key of Object.keys(before)) {
    if (Array.isArray(before[key])) assertIdentical(now[key], before[key], key)
    else assert.ok(now[key] === before[key], `${key} changed`)
  }
}

function assertIdentical(a, b, what) {
  assert.strictEqual(a.length, b.length, what)
  for (let i = 0; i < a.length; i++) assert.ok(a[i] === b[i], `${what}: entry ${i}`)
}

function count({ stats }) {
  const { requests, commands } = stats
  return { requests: { ...requests }, findNode: { ...commands.findNode } }
}

function assertCounted({ requests, findNode }, before) {
  assert.ok(requests.active >= 0)
  assert.ok(requests.responses + requests.timeouts <= requests.total)
  assert.ok(findNode.rx <= findNode.tx)
  assert.ok(requests.total >= before.requests.total)
  assert.ok(requests.responses >= before.requests.responses)
  assert.ok(findNode.tx >= before.findNode.tx && findNode.rx >= before.findNode.rx)
}

async function hops(count) {
  for (let i = 0; i < count; i++) await null
}
