const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { HOST, IMPATIENT, createNode, createBootstrapper, port } = require('./helpers/network')
const { until, collect } = require('./helpers/until')
const { idOf } = require('./helpers/ids')
const { COMMANDS, decodeRequest, encodeAddress, encodeReply, uint16 } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 0xab)
const TOKEN = Buffer.alloc(32, 0xcd)
const TO = '{to}'
const hex = (buffer) => buffer.toString('hex')

// The exact requests, without the tid: by an ephemeral node, and what a persistent one adds.
const REQUESTS = [
  ['ping', (node, to) => node.ping(to), '04', [TO, '00']],
  ['ping of a size', (node, to) => node.ping(to, { size: 3 }), '14', [TO, '00', '03 000000']],
  ['ping of size 0', (node, to) => node.ping(to, { size: 0 }), '04', [TO, '00']],
  ['ping, ttl', (node, to) => node.ping(to, { ttl: 5 }), '04', [TO, '00']],
  ['delayed ping', (node, to) => node.delayedPing(to, 258), '14', [TO, '04', '04 02010000']],
  ['request', (node, to) => node.request({ command: 0 }, to), '00', [TO, '00']],
  ['nulls', (node, to) => node.request(nulls(), to), '00', [TO, '01']],
  ['long command', (node, to) => node.request({ command: 70000 }, to), '00', [TO, 'fe70110100']],
  [
    'everything',
    (node, to) =>
      node.request({ command: 2, target: TARGET, token: TOKEN, value: Buffer.from('abc') }, to),
    '1a',
    [TO, hex(TOKEN), '02', hex(TARGET), '03 616263']
  ],
  [
    'empty value',
    (node, to) => node.request({ command: 2, value: Buffer.alloc(0) }, to),
    '10',
    [TO, '02', '00']
  ],
  [
    'long value',
    (node, to) => node.request({ command: 2, value: Buffer.alloc(253, 1) }, to),
    '10',
    [TO, '02', 'fdfd00', '01'.repeat(253)]
  ]
]

for (const { name, DHT } of packages) {
  test(`${name}: the exact bytes of requests by an ephemeral node`, async (t) => {
    const node = createNode(t, DHT)
    const raw = await answering(t)

    for (const [what, ask, flags, parts] of REQUESTS) {
      await ask(node, raw.address)
      const { data, from } = raw.requests.shift()
      assert.strictEqual(withoutTid(data), expected(flags, parts, raw), what)
      assert.strictEqual(from.port, node.io.clientSocket.address().port, what)
    }
  })

  test(`${name}: the exact bytes of requests by a persistent node`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const raw = await answering(t)

    for (const [what, ask, flags, parts] of REQUESTS) {
      await ask(node, raw.address)
      const { data, from } = raw.requests.shift()
      const more = (parseInt(flags, 16) | 1).toString(16).padStart(2, '0')
      const withId = [TO, hex(node.id), ...parts.slice(1)]
      assert.strictEqual(withoutTid(data), expected(more, withId, raw), what)
      assert.strictEqual(from.port, port(node), what)
    }
  })

  test(`${name}: on the other socket a persistent node sends no id`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const raw = await answering(t)

    const socket = node.io.clientSocket
    await node.ping(raw.address, { socket })
    await node.request({ command: 9 }, raw.address, { socket })

    const [ping, request] = raw.requests
    assert.strictEqual(withoutTid(ping.data), expected('04', [TO, '00'], raw))
    assert.strictEqual(withoutTid(request.data), expected('00', [TO, '09'], raw))
    for (const { from } of [ping, request]) assert.strictEqual(from.port, socket.address().port)
  })

  test(`${name}: every try carries the same bytes from the same socket`, async (t) => {
    const node = createNode(t, DHT, IMPATIENT)
    const raw = await RawPeer.create(t)

    await assert.rejects(node.request({ command: 9, value: Buffer.from('abc') }, raw.address), {
      code: 'REQUEST_TIMEOUT'
    })

    await until(() => raw.received.length === 4, 'four tries arrived')
    for (const { data, from } of raw.received) {
      assert.deepStrictEqual(data, raw.received[0].data)
      assert.deepStrictEqual(from, raw.received[0].from)
    }
  })

  test(`${name}: requests in flight have tids of their own`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const raw = await RawPeer.create(t)
    const first = node.io._tid

    const failures = Array.from({ length: 60 }, () => node.ping(raw.address).catch((err) => err))
    await until(() => raw.received.length === 60, 'all pings are out')

    const tids = new Set(raw.received.map(({ data }) => data.readUInt16LE(2)))
    assert.strictEqual(tids.size, 60)
    assert.strictEqual((node.io._tid - first + 65536) % 65536, 60)
    await node.destroy()
    for (const err of await Promise.all(failures)) {
      assert.strictEqual(err.code, 'REQUEST_DESTROYED')
    }
  })

  test(`${name}: the requests of a lookup and its commit`, async (t) => {
    const raw = await RawPeer.create(t)
    const seen = []
    raw.serve((req, from) => {
      seen.push(req)
      return { id: idOf(raw.address), token: req.command === 9 ? TOKEN : null }
    })
    const node = createNode(t, DHT, { bootstrap: [raw.address], quickFirewall: false })
    await node.fullyBootstrapped()
    seen.length = 0

    const value = Buffer.from('v')
    await node.query({ target: TARGET, command: 9, value }, { commit: true }).finished()
    await node.findNode(TARGET).finished()

    assert.strictEqual(seen.length, 3)
    const [query, commit, find] = seen
    for (const req of seen) assert.deepStrictEqual(req.target, TARGET)
    assert.deepStrictEqual([query.flags, commit.flags, find.flags], [0x18, 0x1a, 0x0c])
    assert.deepStrictEqual([query.command, commit.command], [9, 9])
    assert.strictEqual(find.command, COMMANDS.FIND_NODE)
    assert.deepStrictEqual(commit.token, TOKEN)
    assert.deepStrictEqual(commit.value, value)
    assert.notStrictEqual(commit.tid, query.tid)
  })

  test(`${name}: the hint about a node that is down`, async (t) => {
    const [raw, down] = [await RawPeer.create(t), await RawPeer.create(t)]
    const hints = []
    raw.serve((req) => {
      if (req.internal && req.command === COMMANDS.DOWN_HINT) hints.push(req)
      return { id: idOf(raw.address), closerNodes: req.command === 9 ? [down.address] : null }
    })
    const node = createNode(t, DHT, { bootstrap: [raw.address], ...IMPATIENT })

    await node.query({ target: TARGET, command: 9 }, { retries: 0 }).finished()
    await until(() => hints.length === 1, 'the hint')

    await until(() => down.received.length === 1, 'one try arrived')
    assert.strictEqual(hints[0].flags, 0x14)
    assert.deepStrictEqual(hints[0].value, encodeAddress(down.address))
    assert.strictEqual(hints[0].target, null)
  })

  test(`${name}: the bootstrap of an adaptive node, step by step`, async (t) => {
    const { steps, node, near, far } = await firewallCheck(t, DHT)
    const events = collect(node, 'listening', 'nat-update', 'persistent', 'ready')

    await node.fullyBootstrapped()

    assert.deepStrictEqual(events, ['listening', 'nat-update', 'nat-update', 'ready'])
    assert.strictEqual(node.firewalled, false)
    assert.strictEqual(node.ephemeral, true)
    assert.strictEqual(node.id, null)
    assert.strictEqual(node.port, port(node))
    assert.strictEqual(node.address().port, port(node))
    assert.deepStrictEqual(node.remoteAddress(), { host: HOST, port: port(node) })
    assert.deepStrictEqual(node.table.id, idOf({ host: HOST, port: port(node) }))

    // One find-node each, the quick check, the check of all, and the lookup again by the server socket.
    const client = node.io.clientSocket.address().port
    const find = steps[0]
    assert.deepStrictEqual([find.peer, find.command], [near.port, COMMANDS.FIND_NODE])
    assert.strictEqual(find.flags, 0x0c)
    const [quick, ...checks] = steps.filter(({ command }) => command === COMMANDS.PING_NAT)
    assert.strictEqual(quick.peer, near.port)
    assert.deepStrictEqual(new Set(checks.map(({ peer }) => peer)), new Set([near.port, far.port]))
    for (const check of [quick, ...checks]) {
      assert.strictEqual(check.flags, 0x14)
      assert.deepStrictEqual(check.value, uint16(port(node)))
    }
    const again = steps.filter(({ from }) => from.port === port(node))
    assert.deepStrictEqual(
      again.map(({ command }) => command),
      [COMMANDS.FIND_NODE, COMMANDS.FIND_NODE]
    )
    for (const { from } of steps.filter((step) => !again.includes(step))) {
      assert.strictEqual(from.port, client)
    }
  })

  test(`${name}: no quick check without quickFirewall`, async (t) => {
    const { steps, node } = await firewallCheck(t, DHT, { quickFirewall: false })

    await node.fullyBootstrapped()

    assert.strictEqual(node.firewalled, true)
    assert.deepStrictEqual(
      steps.map(({ command }) => command),
      [COMMANDS.FIND_NODE, COMMANDS.FIND_NODE]
    )
  })

  test(`${name}: not firewalled by its own word: no check`, async (t) => {
    const { steps, node } = await firewallCheck(t, DHT, { firewalled: false })
    await node.fullyBootstrapped()

    for (const { command, from } of steps) {
      assert.strictEqual(command, COMMANDS.FIND_NODE)
      assert.strictEqual(from.port, port(node))
    }
    assert.strictEqual(node.ephemeral, true)
  })
}

// Two peers, of which the near one names the far one; the far one holds its reply back until the node knows of the
// quick check's answer, where there is one, so that the lookup ends after it: they come on two sockets, which are
// read in any order.
async function firewallCheck(t, DHT, opts) {
  const [near, far] = [await RawPeer.create(t), await RawPeer.create(t)]
  const steps = []
  const checked = () => until(() => node.stats.commands.pingNat.rx > 0, 'the quick check')

  for (const peer of [near, far]) {
    const fields = { id: idOf(peer.address), closerNodes: peer === near ? [far.address] : null }
    peer.serve((req, from) => {
      steps.push({ peer: peer.port, from, ...req })
      const to = req.command === COMMANDS.PING_NAT ? named(req, from) : from
      answer(peer, req, to, fields, peer === far && !opts ? checked : null)
      return null
    })
  }

  const node = createNode(t, DHT, { bootstrap: [near.address], ...opts })
  return { node, near, far, steps }
}

async function answer(peer, req, to, fields, after) {
  const ping = req.command === COMMANDS.PING_NAT
  if (after !== null) await after()
  await peer.send(encodeReply({ tid: req.tid, to, ...(ping ? { id: fields.id } : fields) }), to)
}

function named(req, { host }) {
  return { host, port: req.value.readUInt16LE(0) }
}

function nulls() {
  return { command: 1, token: null, target: null, value: null }
}

// A peer that answers everything and keeps what it was asked.
async function answering(t) {
  const raw = await RawPeer.create(t)
  raw.requests = []
  raw.socket.prependListener('message', (data, { address, port }) =>
    raw.requests.push({ data, from: { host: address, port } })
  )
  raw.serve(() => ({}))
  return raw
}

function withoutTid(data) {
  const tid = data.readUInt16LE(2)
  assert.strictEqual(decodeRequest(data).tid, tid)
  return hex(data.subarray(0, 2)) + hex(data.subarray(4))
}

function expected(flags, parts, { host, port }) {
  const to = encodeAddress({ host, port }).toString('hex')
  return '03' + flags + parts.join('').replaceAll(' ', '').replace(TO, to)
}
