'use strict'

// JavaScript computes for seconds and answers nothing, while two processes send all that they can. Memory stays bounded,
// each request that was offered is delivered or counted as dropped, the node knows its peers as before, and its lookups
// and requests work again, and those of others. What nobody took out of the socket's receive buffer in time the system
// dropped, and counts.

const { fork } = require('child_process')
const dgram = require('dgram')
const { once } = require('events')
const fs = require('fs')
const { setTimeout: sleep } = require('timers/promises')
const { HOST, numbers, load, addressOf, settles, report, memoryBound } = require('./support')

const SENDERS = 2
const PEERS = 10
const BURST = 64
const VALUE = 1000 // bytes
const WARM_UP = 1000 // ms
const PATIENCE = 10_000 // ms
const COMMAND = 1
const LATER = 2 // of those who see whether it works again

// Records that wait (2 MiB of requests), and the allocators' pages.
const MAX_GROWTH = memoryBound(16)

const options = numbers({ seconds: 2, port: 0, join: 0 })

if (options.port > 0) send(options.port)
else if (options.join > 0) join(options.join)
else main()

async function main() {
  const DHT = load(options)
  const node = DHT.bootstrapper(await freePort(), HOST, { host: HOST })
  let delivered = 0
  node.on('request', (req) => {
    if (req.command === COMMAND) delivered++
    req.reply(null)
  })
  await node.bind()
  const peers = fork(__filename, [
    '--join',
    String(addressOf(node).port),
    '--package',
    options.package
  ])
  await once(peers, 'message')
  const known = node.toArray().map(({ port }) => port)
  const sentBefore = sentBy(node) + (await askedBy(peers))
  const senders = Array.from({ length: SENDERS }, () => sender(addressOf(node).port))
  await sleep(WARM_UP)

  const { port } = addressOf(node)
  const before = resident()
  const peak = block(options.seconds * 1000)
  for (const { child } of senders) child.send('stop')
  const offered = (await Promise.all(senders.map(({ sent }) => sent))).reduce((a, b) => a + b, 0)
  const client = new DHT({ host: HOST, bootstrap: [] })
  const recoveredIn = await recovery(client, node)
  const unread = droppedBySystem(port)
  const { loadShedding, hostBudget } = node.io.stats.protections
  const dropped = node.io.dropped + loadShedding + hostBudget
  const others = sentBy(node) + sentBy(client) + (await askedBy(peers)) - sentBefore

  const grown = peak - before
  const { found, answers } = await service(node, known)
  const lost = known.filter((port) => !node.toArray().some((peer) => peer.port === port))
  await client.destroy()
  await node.destroy()
  peers.kill()
  const failures = []
  if (known.length < PEERS || lost.length > 0)
    failures.push(`${lost.length} of ${known.length} peers left the table`)
  if (found < PEERS) failures.push(`a lookup finds ${found} of ${PEERS} peers afterwards`)
  if (answers < PEERS) failures.push(`${answers} of ${PEERS} peers answer the node afterwards`)
  // What these few sent, or were answered, may be among what was dropped.
  const missing = offered - delivered - dropped - unread
  if (missing > 0 || -missing > others)
    failures.push(`${missing} requests were neither delivered nor counted`)
  if (grown > MAX_GROWTH) failures.push(`memory grew by ${grown} bytes`)
  if (dropped === 0) failures.push('nothing was dropped')
  if (recoveredIn === null) failures.push('requests are not answered afterwards')
  const counts = { offered, delivered, dropped, unread }
  report({ seconds: options.seconds, ...counts, grown, recoveredIn }, failures)
}

// Peers that know the node and are known to it.
async function join(port) {
  process.on('disconnect', () => process.exit())
  const DHT = load(options)
  const bootstrap = [{ host: HOST, port }]
  const nodes = []
  for (let i = 0; i < PEERS; i++) {
    const node = new DHT({ host: HOST, bootstrap, ephemeral: false })
    node.on('request', (req) => req.reply(null))
    await node.fullyBootstrapped()
    nodes.push(node)
  }
  process.on('message', () => process.send(nodes.map(sentBy).reduce((a, b) => a + b)))
  process.send('joined')
}

async function askedBy(peers) {
  const answer = once(peers, 'message')
  peers.send('how many')
  return (await answer)[0]
}

// Requests, again and again as well.
function sentBy(node) {
  const { total, retries } = node.stats.requests
  return total + retries
}

async function freePort() {
  const socket = dgram.createSocket('udp4')
  await new Promise((resolve) => socket.bind(0, HOST, resolve))
  const { port } = socket.address()
  await new Promise((resolve) => socket.close(resolve))
  return port
}

// Looks at nothing but the clock and, ten times a second, at the memory of the process.
function block(ms) {
  let peak = 0
  const end = performance.now() + ms
  while (performance.now() < end) {
    const next = performance.now() + 100
    while (performance.now() < next);
    peak = Math.max(peak, resident())
  }
  return peak
}

function resident() {
  return Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

// Datagrams to that port for which the socket's receive buffer had no room, since it was bound.
function droppedBySystem(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = fs.readFileSync('/proc/net/udp', 'utf8').split('\n')
  const fields = lines.map((line) => line.trim().split(/\s+/))
  const own = fields.filter(([, local]) => local?.endsWith(`:${hex}`))
  return own.reduce((sum, line) => sum + Number(line.at(-1)), 0)
}

// How long it takes, in ms, until a user's request and a ping are answered; null if they are not.
async function recovery(client, node) {
  const started = performance.now()
  const to = addressOf(node)
  const answered = Promise.all([client.request({ command: LATER }, to), client.ping(to)])
  let failed = false
  answered.catch(() => (failed = true))
  const inTime = await settles(answered, PATIENCE)
  return inTime && !failed ? performance.now() - started : null
}

// How many peers a lookup of the node finds, and how many answer its requests.
async function service(node, ports) {
  const query = node.findNode(Buffer.alloc(32))
  await settles(query.finished(), PATIENCE)
  const replies = query.closestReplies.filter(({ from }) => ports.includes(from.port))
  const asked = ports.map((port) => node.request({ command: LATER }, { host: HOST, port }))
  const answered = await Promise.allSettled(asked)
  const answers = answered.filter(({ status }) => status === 'fulfilled').length
  return { found: replies.length, answers }
}

function sender(port) {
  const child = fork(__filename, ['--port', String(port)])
  return { child, sent: new Promise((resolve) => child.on('message', resolve)) }
}

// Sends requests until it is told to stop, and says how many it were.
function send(port) {
  const socket = dgram.createSocket('udp4')
  const to = [127, 0, 0, 1, port & 255, port >> 8]
  const head = [3, 16, 0, 0, ...to, COMMAND, 0xfd, VALUE & 255, VALUE >> 8]
  const request = Buffer.concat([Buffer.from(head), Buffer.alloc(VALUE)])
  let sent = 0
  let over = false
  process.on('message', () => (over = true))
  process.on('disconnect', () => process.exit())
  socket.connect(port, HOST, burst)

  function burst() {
    if (over) return process.send(sent, () => process.exit())
    for (let i = 0; i < BURST; i++) socket.send(request, i === BURST - 1 ? next : noop)
    sent += BURST
  }

  function next() {
    setImmediate(burst)
  }
}

function noop() {}
