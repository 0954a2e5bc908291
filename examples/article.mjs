#!/usr/bin/env node
// The tutorial's story as an automated check of one package, or of two that have to form one network.
//   node examples/article.mjs PACKAGE [--network PACKAGE] [--node PATH]
//   --network: the network's nodes come from that package, the clients from the first one.
//   --node:    runs on that runtime instead of this one.
// Closes with 'N passed, N failed'; the exit code is 0 when everything holds.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort, loadDHT } from './support.mjs'

const HOST = '127.0.0.1'
const DEADLINE = 60_000
const KEY = createHash('sha256').update('data key').digest()
const VALUE = Buffer.from('write me!')

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { network: { type: 'string' }, node: { type: 'string' } }
})
const [folder] = positionals
if (!folder) {
  console.error('usage: article.mjs PACKAGE [--network PACKAGE] [--node PATH]')
  process.exit(2)
}
if (options.node) runOn(options.node)

const Client = loadDHT(folder)
const Member = options.network ? loadDHT(options.network) : Client
const living = new Set()
let passed = 0
let failed = 0

await act('the very first node, the bootstrap node, the next ones', firstNodes)
await act('a hundred nodes', manyNodes)
await act('asking every node on the way to a target', readFromClosest)
await act('writing to the closest node', writeToClosest)
await act('committing to the 20 closest, reading from any', commitAndRead)

console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function firstNodes() {
  const lone = keep(new Client({ bootstrap: false, host: HOST }))
  await lone.fullyBootstrapped()
  check(lone.id === null && lone.ephemeral, 'a node without a network is a client')
  check(lone.toArray().length === 0 && lone.address().port > 0, 'it knows nobody and is bound')

  const { bootstrap, entry } = await startBootstrap()
  const passer = await client(entry)
  check(passer.ephemeral && passer.id === null, 'a client stays ephemeral')
  check(ports(passer).join() === String(bootstrap.address().port), 'it knows the bootstrap node')
  check(bootstrap.toArray().length === 0, 'the bootstrap node does not keep a client')

  const [a, b] = [1, 2].map(() =>
    keep(new Client({ bootstrap: [entry], host: HOST, ephemeral: false }))
  )
  await Promise.all([a.fullyBootstrapped(), b.fullyBootstrapped()])
  await Promise.all([a, b].map((node) => node.findNode(node.id).finished()))
  check(!a.ephemeral && a.id.byteLength === 32, 'a persistent node has an id of 32 bytes')
  check(ports(a).includes(b.address().port), 'persistent nodes know each other')
  check(ports(bootstrap).length === 2, 'the bootstrap node knows both')
}

async function manyNodes() {
  const { bootstrap, members } = await startNetwork(() => {})
  const known = bootstrap.toArray().length
  check(
    members.every((node) => !node.ephemeral),
    'all of them are part of the network'
  )
  check(known >= 20 && known < members.length, 'the bootstrap node keeps some, not all', known)
}

async function readFromClosest() {
  const { entry } = await startNetwork((node) => {
    node.on('request', (req) => req.reply(Buffer.from(`answer of ${node.id.toString('hex')}`)))
  })
  const closest = []
  for (let run = 0; run < 2; run++) {
    const node = await client(entry)
    const query = node.query({ target: Buffer.alloc(32), command: 0 })
    const answers = []
    query.on('data', (reply) => answers.push(reply.value.toString()))
    await query.finished()
    if (run === 0) check(answers.length >= 20, 'every node on the way answers', answers.length)
    closest.push(query.closestReplies[0].value.toString())
  }
  check(/^answer of [0-9a-f]{64}$/.test(closest[0]), 'there is a closest reply', closest[0])
  check(closest[0] === closest[1], 'two clients agree on the closest node', closest)
}

async function writeToClosest() {
  const { entry } = await startNetwork((node) => {
    const values = new Map()
    node.on('request', (req) => {
      const name = req.target.toString('hex')
      const previous = values.get(name)
      if (req.command === 1) values.set(name, req.value)
      if (req.command > 1) return req.error(20)
      req.reply(previous)
    })
  })
  const replies = []
  for (let run = 0; run < 2; run++) {
    const node = await client(entry)
    const query = node.query({ target: KEY, command: 0 })
    await query.finished()
    const message = { target: KEY, command: 1, value: VALUE }
    replies.push(await node.request(message, query.closestNodes[0]))
  }
  const [first, second] = replies
  check(first.from.id.equals(second.from.id), 'both writes go to the same node')
  check(first.value === null && second.value.equals(VALUE), 'the second one finds the first')

  const node = await client(entry)
  const { error } = await node.request({ target: KEY, command: 9 }, node.toArray()[0])
  check(error === 20, 'an unknown command is answered with the error of our own', error)
}

async function commitAndRead() {
  const stores = []
  const { entry } = await startNetwork((node) => {
    const values = new Map()
    stores.push(values)
    node.on('request', (req) => {
      const name = req.target.toString('hex')
      if (req.token) values.set(name, req.value)
      req.reply(values.get(name))
    })
  })
  const writer = await client(entry)
  await writer.query({ target: KEY, command: 0, value: VALUE }, { commit: true }).finished()
  const holders = stores.filter((values) => values.size > 0).length
  check(holders === 20, '20 nodes hold the value', holders)

  const reader = await client(entry)
  let found = null
  for await (const reply of reader.query({ target: KEY, command: 0 })) {
    found = reply.value
    if (found) break
  }
  check(found !== null && found.equals(VALUE), 'a reader gets it and stops early')
}

async function startBootstrap() {
  const bootstrap = keep(Member.bootstrapper(await freePort(HOST), HOST, { host: HOST }))
  await bootstrap.fullyBootstrapped()
  return { bootstrap, entry: `${HOST}:${bootstrap.address().port}` }
}

async function startNetwork(serve) {
  const { bootstrap, entry } = await startBootstrap()
  const members = Array.from({ length: 100 }, () => {
    const node = keep(new Member({ bootstrap: [entry], host: HOST, ephemeral: false }))
    serve(node)
    return node
  })
  // The bootstrap node answers lookups too.
  serve(bootstrap)
  await Promise.all(members.map((node) => node.fullyBootstrapped()))
  return { bootstrap, entry, members }
}

async function client(entry) {
  const node = keep(new Client({ bootstrap: [entry], host: HOST }))
  await node.fullyBootstrapped()
  return node
}

function ports(node) {
  return node.toArray().map(({ port }) => port)
}

function keep(node) {
  living.add(node)
  return node
}

async function act(name, play) {
  console.log('#', name)
  const timer = setTimeout(() => {
    console.error(`'${name}' did not end within ${DEADLINE / 1000} s`)
    process.exit(1)
  }, DEADLINE)
  try {
    await play()
  } catch (err) {
    check(false, err.stack)
  }
  await Promise.all(Array.from(living, (node) => node.destroy()))
  living.clear()
  clearTimeout(timer)
}

function check(holds, what, got) {
  if (holds) passed++
  else failed++
  const detail = holds || got === undefined ? '' : ` ${JSON.stringify(got)}`
  console.log(`${holds ? 'ok  ' : 'FAIL'}  ${what}${detail}`)
}

function runOn(runtime) {
  const args = [fileURLToPath(import.meta.url), folder]
  if (options.network) args.push('--network', options.network)
  const { status, error } = spawnSync(runtime, args, { stdio: 'inherit' })
  if (error) console.error(error.message)
  process.exit(status ?? 1)
}
