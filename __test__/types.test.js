const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { EventEmitter, once } = require('node:events')
const { execFileSync } = require('node:child_process')
const { natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')

const ROOT = path.join(__dirname, '..')
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')

// What begins with an underscore is nobody's business, but for these, which dependents reach for.
const NAMED = new Set([
  '_nat',
  '_tick',
  '_refreshTicks',
  '_ontick',
  '_onwakeup',
  '_natAdd',
  '_updateNetworkState',
  '_removeNode',
  '_resolveBootstrapNodes',
  '_online',
  '_degraded',
  '_offline',
  '_onrequest',
  '_onresponse',
  '_ontimeout',
  '_window',
  '_i',
  '_total',
  '_maxWindow',
  '_tid'
])

// What the front's own files need of each other.
const INTERNAL = {
  Table: ['retire'],
  NetworkInterfaces: ['onsystem'],
  Query: ['onrow', 'onprogress', 'oncommit', 'onend', 'onabort'],
  Node: ['token']
}

for (const { name, DHT } of natives) {
  test(`${name}: every member has a type, every type a member`, async (t) => {
    const declarations = await members(t, DHT)
    assert.strictEqual(check(declarations), '')
  })

  test(`${name}: a member without a type is found, and a type without a member`, async (t) => {
    const declarations = await members(t, DHT)
    declarations.DHT.push('untyped')
    declarations.Table = declarations.Table.filter((member) => member !== 'random')

    const errors = check(declarations)

    assert.match(errors, /"untyped"' does not exist in type/)
    assert.match(errors, /Property 'random' is missing/)
    assert.strictEqual(errors.trim().split('\n').length, 2)
  })
}

// Of each type, the members that an object of it has.
async function members(t, DHT) {
  const server = await createBootstrapper(t, DHT)
  const to = serverAddress(server)
  const node = createNode(t, DHT, { bootstrap: [to] })
  await node.fullyBootstrapped()
  const requests = once(server, 'request')
  const answered = node.request({ command: 1 }, to, { retry: false })
  const [req] = await requests
  req.reply(null)
  const query = node.findNode(randomTarget())
  await query.finished()
  for (let i = 0; i < 4; i++) node.health.update()
  const made = node.io.createRequest(to, null, true, 0, null, null)

  return {
    DHT: of(node, 'DHT'),
    'typeof DHT': Object.getOwnPropertyNames(DHT).filter((each) => !isOfFunctions(each)),
    Query: of(query, 'Query'),
    Session: of(node.session(), 'Session'),
    Request: of(req, 'Request'),
    Reply: of(await answered),
    Peer: of(req.from),
    MadeRequest: of(made),
    Table: of(node.table, 'Table'),
    Row: of(Object.values(node.table.rows)[0], 'Row'),
    CongestionWindow: of(node.io.congestion),
    NetworkInterfaces: of(node.io.networkInterfaces, 'NetworkInterfaces'),
    NodeList: of(node.nodes),
    Node: of(node.nodes.latest, 'Node'),
    Nat: of(node._nat),
    Health: of(node.health),
    HealthStats: of(node.health.stats),
    IO: of(node.io),
    Socket: of(node.socket, 'Socket'),
    BoundAddress: of(node.address()),
    Stats: of(node.stats),
    "Stats['queries']": of(node.stats.queries),
    "Stats['commands']": of(node.stats.commands),
    RequestStats: of(node.stats.requests),
    CommandStats: of(node.stats.commands.ping),
    RttStats: of(await node.rttStats()),
    RttSummary: of((await node.rttStats()).responses),
    Config: of(node.config),
    UDX: of(node.udx),
    'UDX.Stream': of(streamOf(t, node.udx), 'UDXStream'),
    ...options(t, DHT, to)
  }
}

function streamOf(t, udx) {
  const stream = udx.createStream(1)
  t.after(() => stream.destroy())
  return stream
}

// The options that are looked at.
function options(t, DHT, to) {
  const looked = (use) => {
    const seen = new Set()
    use(
      new Proxy({}, { get: (_, option) => void (typeof option === 'string' && seen.add(option)) })
    )
    return [...seen]
  }
  const node = createNode(t, DHT, { host: HOST })
  const message = { target: randomTarget(), command: 1 }
  const forget = (promise) => promise.catch(() => {})
  return {
    Options: looked((opts) => createFrom(t, DHT, opts)),
    QueryOptions: looked((opts) => node.query(message, opts).destroy()),
    RequestOptions: looked((opts) => forget(node.request(message, to, opts))),
    PingOptions: looked((opts) => forget(node.ping(to, opts))),
    CancellationOptions: looked((opts) => forget(node.fullyBootstrapped(opts)))
  }
}

function createFrom(t, DHT, opts) {
  const node = new DHT(opts)
  t.after(() => node.destroy())
}

// Its own members and those of its classes, without what every emitter or object has.
function of(object, type) {
  const found = new Set()
  for (let at = object; at !== null && !isRoot(at); at = Object.getPrototypeOf(at)) {
    for (const member of Object.getOwnPropertyNames(at)) found.add(member)
  }
  const internal = new Set(INTERNAL[type])
  const inherited = object instanceof EventEmitter ? EventEmitter.prototype : {}
  return [...found].filter((member) => {
    if (member === 'constructor' || internal.has(member) || member in inherited) return false
    return !member.startsWith('_') || NAMED.has(member)
  })
}

function isRoot(object) {
  return object === EventEmitter.prototype || object === Object.prototype
}

function isOfFunctions(member) {
  return member === 'length' || member === 'name' || member === 'prototype'
}

// What the compiler says about these lists of members, a line for each error.
function check(declarations) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dht-rpc-types-'))
  const file = path.join(folder, 'members.cts')
  const lines = Object.entries(declarations).map(([type, names], i) => {
    const fields = names.map((member) => `${JSON.stringify(member)}: 1`).join(', ')
    return `const _${i}: Members<${qualified(type)}> = { ${fields} }; void _${i}`
  })
  fs.writeFileSync(file, [...HEAD, ...lines].join('\n'))
  const types = ['--types', 'node', '--typeRoots', path.join(ROOT, 'node_modules', '@types')]
  const args = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', ...types]
  try {
    execFileSync(process.execPath, [TSC, ...args, '--pretty', 'false', file], { cwd: folder })
    return ''
  } catch (err) {
    return String(err.stdout)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const HEAD = [
  `import DHT = require(${JSON.stringify(path.join(ROOT, 'index.js'))})`,
  `import UDX = require(${JSON.stringify(path.join(ROOT, 'udx.js'))})`,
  "import { EventEmitter } from 'events'",
  "type Inherited = keyof EventEmitter | keyof typeof EventEmitter | 'prototype' | symbol",
  'type Members<T> = { [K in Exclude<keyof T, Inherited>]: 1 }'
]

function qualified(type) {
  return /^(?:typeof DHT|DHT|UDX\.Stream)$/.test(type) ? type : `DHT.${type}`
}
