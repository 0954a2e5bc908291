'use strict'

const { attempt, show, overTime, yesNo } = require('./describe')
const { HOST, silent } = require('./world')

const FIELDS = [
  'dht',
  'k',
  'target',
  'internal',
  'command',
  'value',
  'force',
  'map',
  'retries',
  'concurrency',
  'closestReplies',
  'closestNodes',
  'successes',
  'errors',
  'inflight',
  'destroyed',
  'destroying'
]

const WRITTEN = { command: 9, value: Buffer.from('x'), retries: 1, concurrency: 2, force: true }

const TARGET = Buffer.alloc(32, 7)

module.exports = {
  title: 'Query',
  probes: [overLife, defaults, reading, options, commits, ends].map(within)
}

function within(probe) {
  return async (row, world) => {
    const node = await world.persistent()
    const server = await world.persistent()
    server.on('request', (req) => req.reply(Buffer.from([req.command])))
    world.bootstrapper.on('request', (req) => req.error(req.command === 8 ? 20 : 0))
    await probe(row, node, server, world)
  }
}

async function overLife(row, node) {
  const query = node.query({ target: TARGET, command: 5 })
  const { closestReplies } = query
  const made = read(query)
  row('extends', classesOf(query).join(', '))
  row('stats.queries while it is there', JSON.stringify(node.stats.queries.active))
  await query.finished()
  const over = read(query)
  row('stats.queries afterwards', JSON.stringify(node.stats.queries.active))
  for (const name of FIELDS) {
    row(`${name} over time`, overTime({ 'when made': made[name], over: over[name] }))
  }
  row('finished() late', await attempt(() => query.finished()))
  row('closestReplies: the same array', yesNo(query.closestReplies === closestReplies))
  row('closestNodes: fresh', yesNo(query.closestNodes !== query.closestNodes))
  row(
    'closestNodes: the senders of closestReplies',
    yesNo(query.closestNodes.every((peer, i) => peer === query.closestReplies[i].from))
  )
  row('target is the one given', yesNo(query.target === TARGET))
}

// Each package may have a streamx of its own.
function classesOf(object) {
  const names = []
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    names.push(at.constructor.name)
  }
  return names
}

function read(query) {
  return Object.fromEntries(FIELDS.map((name) => [name, show(query[name])]))
}

async function defaults(row, node) {
  const values = (query) => {
    query.destroy()
    const { k, internal, command, value, force, retries, concurrency } = query
    return JSON.stringify({ k, internal, command, value, force, retries, concurrency })
  }
  row('query(): defaults', values(node.query({ target: TARGET, command: 5 })))
  row('findNode(): defaults', values(node.findNode(TARGET)))
  row('retries: 0', values(node.findNode(TARGET, { retries: 0 })))
  row('concurrency: 0', values(node.findNode(TARGET, { concurrency: 0 })))
  row('force', values(node.findNode(TARGET, { force: 1 })))
  const query = node.findNode(TARGET)
  row('map, by default', String(query.map(query) === query))
  query.destroy()

  for (const [name, value] of Object.entries(WRITTEN)) {
    const query = node.query({ target: TARGET, command: 5 })
    query[name] = value
    row(`${name}, written`, yesNo(query[name] === value))
    query.destroy()
  }
  const written = node.query({ target: TARGET, command: 5 })
  written.command = 6
  written.map = (reply) => reply.value && reply.value[0]
  row('command and map, written before it is read', JSON.stringify(await rows(written)))
}

async function reading(row, node) {
  const before = node.stats.requests.total
  const lazy = node.findNode(TARGET)
  await new Promise(setImmediate)
  row('lazy: requests before it is read', String(node.stats.requests.total - before))
  const all = await rows(lazy)
  row('a row', show(all[0]))
  row('a row: from', show(all[0].from))
  row('a row: from.id', show(all[0].from.id))
  row('a row: a closer node', show(all[0].closerNodes[0]))
  row('a row is among closestReplies', yesNo(lazy.closestReplies.includes(all[0])))

  const broken = node.findNode(TARGET)
  for await (const reply of broken) if (reply) break
  row('break', `destroyed ${broken.destroyed}, inflight ${broken.inflight}`)
  row('break, finished()', await attempt(() => broken.finished()))

  const failed = node.query({ target: TARGET, command: 8 })
  await failed.finished()
  row('error replies', `successes ${failed.successes}, errors ${failed.errors}`)
}

async function rows(query) {
  const all = []
  for await (const row of query) all.push(row)
  return all
}

async function options(row, node, server) {
  const to = { host: HOST, port: server.localAddress().port }
  const given = node.findNode(TARGET, { nodes: [to], onlyClosestNodes: true })
  row('nodes, onlyClosestNodes', `${(await rows(given)).length} row`)
  const replies = { replies: given.closestReplies, onlyClosestNodes: true }
  row('replies', `${(await rows(node.findNode(TARGET, replies))).length} row`)
  const nodes = { closestNodes: given.closestNodes, onlyClosestNodes: true }
  row('closestNodes', `${(await rows(node.findNode(TARGET, nodes))).length} row`)
  const mapped = node.findNode(TARGET, { map: () => null })
  row('map to nothing', `${(await rows(mapped)).length} rows`)
  row('map to nothing: successes', yesNo(mapped.successes > 0))
  await inSession(row, node)
}

async function inSession(row, node) {
  const lost = await silent()
  const session = node.session()
  const query = node.findNode(TARGET, { session, nodes: [lost.address], onlyClosestNodes: true })
  query.resume()
  await new Promise(setImmediate)
  row('session: requests in flight', `${session.inflight.length}, ${query.inflight}`)
  query.destroy()
  row('session: of a destroyed query', `${session.inflight.length}`)
  session.destroy()
  row('session: destroyed', `${session.inflight.length}`)
  await lost.close()
}

async function commits(row, node) {
  const message = { target: TARGET, command: 5 }
  row('commit: true', await attempt(() => node.query(message, { commit: true }).finished()))
  const calls = []
  const commit = (reply, dht, query) => {
    calls.push([show(reply), dht === node, query.command])
    return Promise.resolve()
  }
  row('commit: a function', await attempt(() => node.query(message, { commit }).finished()))
  row('commit: its arguments', JSON.stringify(calls[0]))
  const fails = () => Promise.reject(new Error('not today'))
  row('all commits fail', await attempt(() => node.query(message, { commit: fails }).finished()))
  const nobody = { commit: true, nodes: [], onlyClosestNodes: true }
  const alone = new node.constructor({ host: HOST, bootstrap: [] })
  row('commit to nobody', await attempt(() => alone.query(message, nobody).finished()))
  await alone.destroy()
}

async function ends(row, node, server, world) {
  const destroyed = node.findNode(TARGET)
  destroyed.destroy(new Error('enough'))
  row('destroy(err), finished()', await attempt(() => destroyed.finished()))

  const lost = await silent()
  const dying = world.node({ bootstrap: [lost.address] })
  await dying.bind()
  // One of them stays unasked, however long the next steps take.
  const nodes = [lost.address, { host: '127.0.0.9', port: 9 }]
  const query = dying.findNode(TARGET, { nodes, concurrency: 1 })
  const over = attempt(() => query.finished())
  await new Promise(setImmediate)
  await dying.destroy()
  row('the node is destroyed', await over)
  await lost.close()
}
