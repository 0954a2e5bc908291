'use strict'

const b4a = require('b4a')

// What is read of the reference, in the form in which examples/differential prints it.
module.exports = { address, parse, reply, request, state, end, errorName }

const CODES = {
  REQUEST_TIMEOUT: 'Timeout',
  REQUEST_DESTROYED: 'Destroyed',
  IO_SUSPENDED: 'Suspended'
}
const MESSAGES = {
  'Node destroyed': 'Destroyed',
  'No token received for closest node': 'NoToken',
  'Too few nodes responded': 'TooFewNodes',
  'Node was destroyed': 'NodeDestroyed'
}
const OWN_OUTCOMES = ['TooFewNodes', 'NodeDestroyed']

function address({ host, port }) {
  return `${host}:${port}`
}

function parse(text) {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
}

function reply({ from, to, rtt, token, closerNodes, error, value }) {
  return {
    from: contact(from),
    to: address(to),
    rtt,
    token: hex(token),
    closerNodes: closerNodes && closerNodes.map(address),
    error,
    value: hex(value)
  }
}

function request({ socket, tid, from, to, token, command, target, value }) {
  return {
    socket: socket.name,
    tid,
    from: contact(from),
    to: address(to),
    authenticated: token !== null,
    command,
    target: hex(target),
    value: hex(value)
  }
}

function end(query, error) {
  return {
    outcome: outcome(error),
    successes: query.successes,
    errors: query.errors,
    closest: query.closestReplies.map(({ from }) => address(from))
  }
}

function errorName(error) {
  return CODES[error.code] ?? MESSAGES[error.message] ?? String(error)
}

function state(dht) {
  const { queries, requests } = dht.stats
  const { commands } = dht.io.stats
  return {
    nodes: dht.nodes.toArray().map(entryLine),
    table: hex(dht.table.id),
    tableSize: dht.table.size,
    nat: { host: dht._nat.host, port: dht._nat.port, size: dht._nat.size },
    ephemeral: dht.ephemeral,
    firewalled: dht.firewalled,
    bootstrapped: dht.bootstrapped,
    online: dht.health.online,
    degraded: dht.health.degraded,
    tick: dht._tick,
    refreshTicks: dht._refreshTicks,
    stableTicks: dht._stableTicks,
    inflight: dht.io.inflight.length,
    queries: { ...queries },
    requests: { ...requests },
    tx: commands.map(({ tx }) => tx),
    rx: commands.map(({ rx }) => rx)
  }
}

function outcome(error) {
  if (error === null) return 'Done'
  const name = errorName(error)
  return OWN_OUTCOMES.includes(name) ? name : `CommitFailed(${name})`
}

function contact({ host, port, id }) {
  return { address: address({ host, port }), id: hex(id) }
}

function hex(bytes) {
  return bytes ? b4a.toString(bytes, 'hex') : null
}

function entryLine({ host, port, added, pinged, seen, sampled, downHints, to }) {
  const us = to ? address(to) : '-'
  return `${host}:${port} added ${added} pinged ${pinged} seen ${seen} sampled ${sampled} hints ${downHints} to ${us}`
}
