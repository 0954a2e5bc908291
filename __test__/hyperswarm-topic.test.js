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
const PATIENCE = 30000 // ms: peers notice after 13 s of unanswered data

const [reference, native] = [...stacks].reverse()
const kinds = stacks.length === 1 ? [stacks] : [[reference], [native], [native, reference]]

for (const mixture of kinds) {
  const name = mixture.map((stack) => stack.name).join(' and ')

  test(`${name}: ${SIZE} swarms on a topic, of which some leave, rejoin or are killed`, async (t) => {
    const { bootstrap } = await createNetwork(t, mixture)
    const topic = randomBytes(32)
    const children = Array.from({ length: KILLED }, (_, i) => {
      const kind = mixture[i % mixture.length]
      return new HyperChild(t, kind, 'swarm', bootstrap[0], topic.toString('hex'))
    })
    const dead = await Promise.all(children.map(async (child) => (await child.said()).publicKey))
    const swarms = Array.from({ length: SIZE - KILLED }, (_, i) =>
      createSwarm(t, mixture[i % mixture.length], bootstrap)
    )
    for (const swarm of swarms) swarm.on('connection', swallow)
    await Promise.all(swarms.map((swarm) => swarm.join(topic).flushed()))
    const all = [...swarms.map(keyOf), ...dead]
    await reach(swarms, all)

    const [leaving, ...rest] = swarms
    await leaving.leave(topic)
    for (const connection of leaving.connections) connection.destroy()
    await until(() => rest.every((swarm) => !knows(swarm, keyOf(leaving))), 'the one that left')
    await leaving.join(topic).flushed()
    await reach(swarms, all)

    await Promise.all(children.map((child) => child.kill()))
    const noticed = () => swarms.every((swarm) => dead.every((key) => !knows(swarm, key)))
    await until(noticed, 'the killed ones', PATIENCE)
    const late = createSwarm(t, mixture[0], bootstrap)
    late.on('connection', swallow)
    await late.join(topic).flushed()
    await reach([...swarms, late], [...swarms, late].map(keyOf))
    for (const swarm of [...swarms, late]) assert.strictEqual(swarm.connections.size, SIZE - KILLED)
  })
}

test('a swarm of each package, one that is suspended and comes back', async (t) => {
  const { bootstrap } = await createNetwork(t, stacks)
  const topic = randomBytes(32)
  const swarms = stacks.map((kind) => createSwarm(t, kind, bootstrap))
  const others = [...swarms].reverse()
  for (const swarm of swarms) {
    swarm.on('connection', echo)
    await swarm.join(topic).flushed()
  }
  if (swarms.length === 1) return
  for (const [i, swarm] of swarms.entries()) {
    await until(() => knows(others[i], keyOf(swarm)), 'each other')
    await swarm.suspend()
    await until(() => others[i].connections.size === 0, 'the suspension')
    await swarm.resume()
    await until(() => knows(others[i], keyOf(swarm)) && knows(swarm, keyOf(others[i])), 'resumption')
    const [connection] = swarm.connections
    connection.write('hello')
    const [data] = await once(connection, 'data')
    assert.strictEqual(data.toString(), 'hello')
  }
})

function reach(swarms, keys) {
  const all = () =>
    swarms.every((swarm) => keys.every((key) => key === keyOf(swarm) || knows(swarm, key)))
  return until(all, 'all connected', PATIENCE)
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
