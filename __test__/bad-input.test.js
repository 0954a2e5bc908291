const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { settled } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 1)
const IPV4 = /IPv4/i
const BYTES = /bytes|Uint8Array|Buffer/i
const UNSIGNED = /unsigned integer|integer/i
// The space that the other fields leave of 2048 bytes.
const SPACE = /2048|19[67]\d bytes|20[03]\d bytes/

// [field, what is given, how the error names it, how it names what is allowed]
const TARGETS = [
  ['target', Buffer.alloc(31), /31/, /32/],
  ['target', Buffer.alloc(33), /33/, /32/],
  ['target', Buffer.alloc(0), /0|empty/, /32/],
  ['target', 'a'.repeat(32), /string|aaa/, /32/],
  ['target', 7, /7|number/, /32/],
  ['target', {}, /object/i, /32/],
  ['target', Array(32).fill(0), /array/i, /32/]
]

const COMMANDS = [
  ['command', -1, /-1/, UNSIGNED],
  ['command', 1.5, /1\.5/, UNSIGNED],
  ['command', NaN, /NaN/, UNSIGNED],
  ['command', Infinity, /Infinity/, UNSIGNED],
  ['command', 2 ** 53, /9007199254740992/, UNSIGNED],
  ['command', '1', /1|string/, UNSIGNED],
  ['command', undefined, /undefined/, UNSIGNED],
  ['command', null, /null/, UNSIGNED],
  ['command', {}, /object/i, UNSIGNED],
  ['command', 1n, /1|bigint/i, UNSIGNED]
]

const VALUES = [
  ['value', 'text', /text|string/, BYTES],
  ['value', 7, /7|number/, BYTES],
  ['value', true, /true|boolean/, BYTES],
  ['value', {}, /object/i, BYTES],
  ['value', [1, 2], /array|1, ?2|object/i, BYTES],
  ['value', new ArrayBuffer(8), /ArrayBuffer/, BYTES],
  ['value', Buffer.alloc(2049), /2049/, SPACE],
  ['value', Buffer.alloc(65536), /65536/, SPACE]
]

const TOKENS = [
  ['token', Buffer.alloc(31), /31/, /32/],
  ['token', Buffer.alloc(33), /33/, /32/],
  ['token', 'a'.repeat(32), /string|aaa/, /32/],
  ['token', 7, /7|number/, /32/]
]

const HOSTS = [
  ['host', 'localhost', /localhost/, IPV4],
  ['host', '1.2.3', /1\.2\.3/, IPV4],
  ['host', '1.2.3.256', /1\.2\.3\.256/, IPV4],
  ['host', '1.2.3.4.5', /1\.2\.3\.4\.5/, IPV4],
  ['host', ' 1.2.3.4', /1\.2\.3\.4/, IPV4],
  ['host', '::1', /::1/, IPV4],
  ['host', 7, /7|number/, IPV4],
  ['host', {}, /object/i, IPV4]
]

const PORTS = [
  ['port', 0, /0/, /6553[56]/],
  ['port', -1, /-1/, /6553[56]/],
  ['port', 65536, /65536/, /6553[56]/],
  ['port', 1.5, /1\.5/, /6553[56]/],
  ['port', NaN, /NaN/, /6553[56]/],
  ['port', undefined, /undefined/, /6553[56]/],
  ['port', {}, /object/i, /6553[56]/]
]

const BOOTSTRAP = [
  // The reference's own words, which do not say what was given.
  ['bootstrap', 'just-a-name', /^Bootstrap node format is/, /host:port/],
  ['bootstrap', 'name:', /^Bootstrap node format is/, /host:port/],
  ['bootstrap', 'name:x', /x/, /port|65535/],
  ['bootstrap', 'name:70000', /70000/, /6553[56]/],
  ['bootstrap', 'name:0', /0/, /6553[56]/],
  ['bootstrap', 70000, /70000/, /6553[56]/],
  ['bootstrap', -1, /-1/, /6553[56]/]
]

for (const { name, DHT } of natives) {
  test(`${name}: requests are rejected at once`, async (t) => {
    const { node, to, raw } = await pair(t)
    const cases = [
      ...[...TARGETS, ...COMMANDS, ...VALUES, ...TOKENS].map((each) => [
        each,
        (given) => [{ command: 1, [each[0]]: given }, to]
      ]),
      ...[...HOSTS, ...PORTS].map((each) => [
        each,
        (given) => [{ command: 1 }, { ...to, [each[0]]: given }]
      ])
    ]

    for (const [each, args] of cases) {
      await assertRejects(() => node.request(...args(each[1])), each)
      await assertRejects(() => node.session().request(...args(each[1])), each)
    }

    assert.strictEqual(node.stats.requests.total, 0)
    assert.strictEqual(raw.received.length, 0)
  })

  test(`${name}: pings are rejected at once`, async (t) => {
    const { node, to, raw } = await pair(t)

    for (const each of [...HOSTS, ...PORTS]) {
      const [field, given] = each
      await assertRejects(() => node.ping({ ...to, [field]: given }), each)
      await assertRejects(() => node.session().ping({ ...to, [field]: given }), each)
      await assertRejects(() => node.delayedPing({ ...to, [field]: given }, 10), each)
    }
    await assertRejects(() => node.ping(to, { size: 2035 }), ['size|value', 2035, /2035/, SPACE])

    assert.strictEqual(node.stats.requests.total, 0)
    assert.strictEqual(raw.received.length, 0)
  })

  test(`${name}: queries throw`, async (t) => {
    const { node } = await pair(t)
    const { total } = node.stats.queries

    for (const each of [...TARGETS, ...COMMANDS, ...VALUES]) {
      const fields = { target: TARGET, command: 1, [each[0]]: each[1] }
      assertThrows(() => node.query(fields), each)
      assertThrows(() => node.session().query(fields), each)
    }
    for (const each of TARGETS) assertThrows(() => node.findNode(each[1]), each)
    for (const missing of [undefined, null]) {
      const each = ['target', missing, new RegExp(missing), /32/]
      assertThrows(() => node.query({ command: 1, target: missing }), each)
      assertThrows(() => node.findNode(missing), each)
    }

    assert.strictEqual(node.stats.queries.total, total)
    assert.strictEqual(node.stats.queries.active, 0)
  })

  test(`${name}: what must be an object or a list is named if it is none`, async (t) => {
    const { node, to } = await pair(t)
    const OBJECT = /an object/

    for (const none of [undefined, null, 7, 'x']) {
      const [given, message] = [new RegExp(none), ['message', none, new RegExp(none), OBJECT]]
      assertThrows(() => node.query(none), message)
      assertThrows(() => node.session().query(none), message)
      assertThrows(() => node.addNode(none), ['node', none, given, OBJECT])
      await assertRejects(() => node.request(none, to), message)
      await assertRejects(() => node.ping(none), ['to', none, given, OBJECT])
    }
    for (const option of ['nodes', 'closestNodes', 'replies', 'closestReplies']) {
      const field = option.replace(/closest(.)/, (_, first) => first.toLowerCase())
      const query = (list) => () => node.query({ target: TARGET, command: 1 }, { [option]: list })
      for (const none of [7, 'x', {}])
        assertThrows(query(none), [field, none, /7|x|Object/, /array/])
      assertThrows(query([null]), [`${field}\\[0\\]`, null, /null/, OBJECT])
    }
    assert.deepStrictEqual(node.nodes.toArray(null), node.nodes.toArray())
  })

  test(`${name}: null for the options of an answer is none`, async (t) => {
    const { node } = await pair(t)
    const server = await createBootstrapper(t, DHT)
    const to = serverAddress(server)
    server.on('request', (req) =>
      req.command === 1 ? req.reply(TARGET, null) : req.error(5, null)
    )
    const { value, token } = await node.request({ command: 1 }, to)
    assert.deepStrictEqual(value, TARGET)
    assert.strictEqual(token.byteLength, 32)
    assert.strictEqual((await node.request({ command: 2 }, to)).error, 5)
  })

  test(`${name}: a value that just fits, and one byte more`, async (t) => {
    const { node, to, raw } = await pair(t)
    raw.serve(() => ({}))
    const fits = [
      [2034, {}],
      [2002, { target: TARGET }],
      [2002, { token: TARGET }],
      [1970, { target: TARGET, token: TARGET }],
      [2026, { command: 2 ** 53 - 1 }]
    ]

    for (const [size, fields] of fits) {
      const value = Buffer.alloc(size + 1)
      const each = ['value', value, new RegExp(size + 1), /2048|[0-9]{4}/]
      const request = (bytes) => node.request({ command: 1, ...fields, value: bytes }, to)
      await assertRejects(() => request(value), each)
      assert.strictEqual((await request(value.subarray(1))).error, 0)
    }
    assert.strictEqual(node.stats.requests.total, fits.length)
  })

  test(`${name}: a bootstrap entry without port is named beside the reference's words`, () => {
    const allowed = { message: 'Bootstrap node format is host:port', allowed: 'host:port' }
    const list = ['127.0.0.1:1', 'just-a-name']
    assert.throws(() => new DHT({ bootstrap: list }), {
      ...allowed,
      field: 'bootstrap[1]',
      given: 'just-a-name'
    })
  })

  test(`${name}: nodes are not made`, () => {
    for (const each of BOOTSTRAP) {
      assertThrows(() => new DHT({ bootstrap: [each[1]] }), each)
      assertThrows(() => new DHT({ bootstrap: [`${HOST}:1`, each[1]] }), each)
    }
    for (const each of [...HOSTS, ['host', '0.0.0', /0\.0\.0/, IPV4]]) {
      assertThrows(() => new DHT({ host: each[1], bootstrap: [] }), each)
    }
    for (const given of [-1, 65536, 1.5, NaN, 'x', [1], [1, 'x'], [5, 70000]]) {
      const each = ['port', given, /./, /6553[56]/]
      assertThrows(() => new DHT({ port: given, bootstrap: [] }), each)
    }
  })

  test(`${name}: replies of the wrong kind`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    const errors = []
    server.on('request', (req) => {
      for (const each of VALUES) {
        try {
          req.reply(each[1])
          errors.push('no error')
        } catch (err) {
          errors.push(err)
        }
      }
      req.reply(Buffer.from('fine'))
    })

    const reply = await client.request({ command: 1 }, serverAddress(server))

    assert.strictEqual(reply.value.toString(), 'fine')
    for (const [i, each] of VALUES.entries()) assertNames(errors[i], each)
  })

  test(`${name}: null and undefined are no value, no target, no token`, async (t) => {
    const { node, to, raw } = await pair(t)
    raw.serve(() => ({}))

    for (const none of [null, undefined]) {
      const fields = { command: 1, target: none, token: none, value: none }
      assert.strictEqual((await node.request(fields, to)).error, 0)
      node.query({ command: 1, target: TARGET, value: none }).destroy()
    }
  })

  async function pair(t) {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    return { node, raw, to: raw.address }
  }
}

async function assertRejects(call, each) {
  let promise = null
  assert.doesNotThrow(() => (promise = call()), `${each[0]} must be refused by rejecting`)
  const outcome = await settled(promise, 2)
  promise.catch(() => {})
  assertNames(outcome, each)
}

function assertThrows(call, each) {
  let error = 'no error'
  try {
    call().destroy()
  } catch (err) {
    error = err
  }
  assertNames(error, each)
}

function assertNames(err, [field, given, shown, allowed]) {
  const what = `${field} of ${typeof given} ${String(given).slice(0, 20)}`
  assert.ok(err instanceof Error, `${what}: ${err}`)
  assert.match(err.message, new RegExp(field, 'i'), `${what}: the field`)
  assert.match(err.message, shown, `${what}: what was given`)
  assert.match(err.message, allowed, `${what}: what is allowed`)
  assert.match(String(err.code), /^[A-Z][A-Z_0-9]+$/, `${what}: the code`)
}
