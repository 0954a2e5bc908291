'use strict'

const { attempt, yesNo } = require('./describe')

// Replies and time-outs of a tick.
const HEALTHY = [10, 0]
const DEGRADED = [2, 8]
const OFFLINE = [0, 8]
const IDLE = [1, 1]

module.exports = {
  title: 'Health',
  probes: [members, events, replaced]
}

async function members(row, world) {
  const node = world.node({ bootstrap: [] })
  await node.fullyBootstrapped()
  const { health } = node
  row('health.stats: fresh', yesNo(health.stats !== health.stats))
  row('health.stats', JSON.stringify(health.stats))
  row('_window: the same array', yesNo(health._window === health._window))
  await windows(row, node)
  await written(row, node)
}

async function windows(row, node) {
  const { health } = node
  for (const length of [1, 2, 3, 4, 6]) {
    while (count(node) < length) tick(node, HEALTHY)
    row(`_window after ${length} updates`, JSON.stringify(health._window))
    row(`oldest, newest after ${length}`, JSON.stringify([health.oldest, health.newest]))
    row(`stats after ${length}`, JSON.stringify(health.stats))
  }
  row('newest is in _window', yesNo(health._window.includes(health.newest)))
  row('newest: the same object', yesNo(health.newest === health.newest))
  tick(node, DEGRADED)
  row('after a degraded one', JSON.stringify([health.stats, health.newest]))
  row('update()', await attempt(() => health.update()))
  const window = health._window
  row('reset()', await attempt(() => health.reset()))
  row('reset(): _window', `${JSON.stringify(health._window)}, another ${health._window !== window}`)
  row('reset(): stats', JSON.stringify(health.stats))
  row('after reset: head', (tick(node, HEALTHY), JSON.stringify(health._window)))
}

const counts = new WeakMap()

function count(node) {
  return counts.get(node) || 0
}

// One update by hand, after so many more replies and time-outs.
function tick(node, [responses, timeouts]) {
  counts.set(node, count(node) + 1)
  node.stats.requests.responses += responses
  node.stats.requests.timeouts += timeouts
  node.health.update()
}

async function written(row, node) {
  const { health } = node
  health.reset()
  health.online = false
  health.degraded = true
  row('written: health', `${health.online}, ${health.degraded}`)
  row('written: node', `${node.online}, ${node.degraded}`)
  tick(node, IDLE)
  row('written, then idle', `${health.online}, ${node.online}`)
  for (let i = 0; i < 5; i++) tick(node, HEALTHY)
  row('written, then healthy', `${health.online}, ${node.online}`)
  health.online = false
  health.reset()
  row('written, then reset', `${health.online}, ${node.online}`)
}

async function events(row, world) {
  const node = world.node({ bootstrap: [] })
  await node.fullyBootstrapped()
  const seen = []
  node.on('network-update', () => seen.push(`${node.online}/${node.degraded}`))
  const run = (name, n, what) => {
    for (let i = 0; i < n; i++) tick(node, what)
    row(`network-update: ${name}`, seen.splice(0).join(', ') || 'none')
  }
  run('5 healthy ticks', 5, HEALTHY)
  run('1 offline tick', 1, OFFLINE)
  run('another', 1, OFFLINE)
  run('another', 1, OFFLINE)
  run('1 healthy tick', 1, HEALTHY)
  run('6 degraded ticks', 6, DEGRADED)
  run('6 healthy ticks', 6, HEALTHY)
  run('6 degraded ticks, then offline', 6, DEGRADED)
  run('2 offline ticks', 2, OFFLINE)
  node.health.reset()
  row('network-update: reset()', seen.splice(0).join(', '))
  node.health.reset()
  row('network-update: reset() again', seen.splice(0).join(', ') || 'none')
  for (let i = 0; i < 6; i++) tick(node, OFFLINE)
  seen.splice(0)
  node._onwakeup()
  row('network-update: _onwakeup()', seen.splice(0).join(', '))
}

// stats that are not the node's own any more.
async function replaced(row, world) {
  const node = world.node({ bootstrap: [] })
  node.stats = { requests: { responses: 1, timeouts: 2 } }
  node.health.update()
  row('update() with replaced stats', JSON.stringify(node.health.newest))
}
