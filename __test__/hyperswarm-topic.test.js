// slow: twenty swarms, some of them processes that are killed

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
const { stacks, createNetwork, createSwarm } = require('./helpers/hyper')
const { once, until } = require('./helpers/until')
const HyperChild = require('./helpers/hyper-child')

const SIZE = 20
const KILLED = 2 // of them, which are processes
const PATIENCE = 40000 // ms: peers notice after 13 s of unanswered data

// TEST_PACKAGES=reference is the control that the test itself is right.
const mixtures = stacks.length === 1 ? [stacks] : [stacks.slice(1), stacks]

test(`${SIZE} swarms on a topic`, { concurrency: mixtures.length }, async (t) => {
  const tests = mixtures.map((kinds) => {
    const name = kinds.map((kind) => kind.name).join(' and ')
    return t.test(`${name}: one leaves and rejoins, some are killed`, (t) => churn(t, kinds))
  })
  await Promise.all(tests)
})

async function churn(t, kinds) {
  const { bootstrap } = await createNetwork(t, kinds, 6)
  const topic = randomBytes(32)
  const kindOf = (i) => kinds[i % kinds.length]
  const children = []
  const dead = []
  for (let i = 0; i < KILLED; i++) {
    const child = new HyperChild(t, kindOf(i), 'swarm', bootstrap[0], topic.toString('hex'))
    const { publicKey } = await child.said()
    children.push(child)
    dead.push(publicKey)
  }
  const swarms = []
  for (let i = KILLED; i < SIZE; i++) swarms.push(await join(t, kindOf(i), bootstrap, topic))
  await reach(swarms, [...swarms.map(keyOf), ...dead])

  const [leaving, ...rest] = swarms
  await leaving.destroy()
  await until(() => rest.every((swarm) => !knows(swarm, keyOf(leaving))), 'the one that left')
  const { keyPair } = leaving
  const all = [...rest, await join(t, kindOf(1), bootstrap, topic, { keyPair })]
  await reach(all, [...all.map(keyOf), ...dead])

  await Promise.all(children.map((child) => child.kill()))
  const isNoticed = () => all.every((swarm) => dead.every((key) => !knows(swarm, key)))
  await until(isNoticed, 'the killed ones', PATIENCE)
  for (let i = 0; i < KILLED; i++) all.push(await join(t, kindOf(i), bootstrap, topic))
  await reach(all, all.map(keyOf))
  for (const swarm of all) assert.strictEqual(swarm.connections.size, SIZE - 1)
}

test('a swarm of each package, one after the other suspended and resumed', async (t) => {
  const kinds = [stacks[0], stacks.at(-1)]
  const { bootstrap } = await createNetwork(t, stacks)
  const topic = randomBytes(32)
  const swarms = []
  for (const kind of kinds) swarms.push(await join(t, kind, bootstrap, topic, {}, echo))
  await reach(swarms, swarms.map(keyOf))
  const others = [...swarms].reverse()
  for (const [i, swarm] of swarms.entries()) {
    await swarm.suspend()
    await until(() => others[i].connections.size === 0, 'the suspension')
    await swarm.resume()
    await reach(swarms, swarms.map(keyOf))
    const [connection] = swarm.connections
    connection.write('hello')
    const [data] = await once(connection, 'data')
    assert.strictEqual(data.toString(), 'hello')
  }
})

async function join(t, kind, bootstrap, topic, opts, onconnection = swallow) {
  const swarm = createSwarm(t, kind, bootstrap, opts)
  swarm.on('connection', onconnection)
  await swarm.join(topic).flushed()
  return swarm
}

function reach(swarms, keys) {
  const isReached = () =>
    swarms.every((swarm) => keys.every((key) => key === keyOf(swarm) || knows(swarm, key)))
  return until(isReached, 'all connected', PATIENCE)
}

function knows(swarm, key) {
  for (const { remotePublicKey } of swarm.connections) {
    if (remotePublicKey.toString('hex') === key) return true
  }
  return false
}

function keyOf(swarm) {
  return swarm.keyPair.publicKey.toString('hex')
}

function swallow(connection) {
  connection.on('error', () => {})
  connection.resume()
}

// Once, or two would go on for ever.
function echo(connection) {
  connection.on('error', () => {})
  connection.once('data', (data) => connection.write(data))
}
