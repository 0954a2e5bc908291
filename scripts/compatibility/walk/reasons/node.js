'use strict'

// Of a node, its table, its list, its sampler, its health and its queries.

const { KINDS } = require('../kinds')

const { PURPOSE, INTERNAL } = KINDS

module.exports = [
  {
    of: 'DHT',
    kind: INTERNAL,
    members: [
      '_quickFirewall',
      '_forcePersistent',
      '_repinging',
      '_checks',
      '_lastHost',
      '_nonePersistentSamples',
      '_downHintsSentPerTick',
      '_pendingTimers'
    ],
    why: "The engine's own state."
  },
  {
    of: 'DHT',
    kind: INTERNAL,
    members: ['_tickInterval'],
    why: 'The engine has a clock of its own. `_ontick()` makes a tick.'
  },
  {
    of: 'DHT',
    kind: INTERNAL,
    members: [
      '_onrow',
      '_onfullrow',
      '_repingAndSwap',
      '_addNode',
      '_addNodeFromNetwork',
      '_removeStaleNode',
      '_sampleBootstrapMaybe'
    ],
    why: 'The engine fills the table. `addNode()` and `_natAdd()` are for programs.'
  },
  {
    of: 'DHT',
    kind: INTERNAL,
    members: ['_pingSome', '_check', '_backgroundQuery', '_ondelayedping'],
    why: 'The engine does its upkeep. `refresh()` and `findNode()` are for programs.'
  },
  {
    of: 'DHT',
    kind: INTERNAL,
    members: ['_addBootstrapNodes', '_checkIfFirewalled'],
    why: 'Steps of `_updateNetworkState()`, which is there.'
  },
  {
    of: 'RoutingTable',
    kind: INTERNAL,
    members: ['_pushNodes', '_diff'],
    why: 'Steps of `closest()` and `get()`.'
  },
  {
    of: 'entry',
    kind: PURPOSE,
    members: ['(is a)'],
    why: 'An entry is live: it reads from the engine.'
  },
  {
    of: 'NatSampler',
    kind: INTERNAL,
    members: ['_a', '_b', '_threshold', '_top', '_samples', '_bump'],
    why: 'How samples are counted.'
  },
  {
    of: 'NetworkHealth',
    kind: INTERNAL,
    members: ['_head', '_tail', '_offlineTicks', '_degradedTicks', '_healthyTicks'],
    why: 'How ticks are judged. `oldest`, `previous` and `newest` are there.'
  },
  {
    of: 'Query',
    kind: INTERNAL,
    members: [
      '_slow',
      '_slowdown',
      '_seen',
      '_pending',
      '_fromTable',
      '_commiting',
      '_onlyClosestNodes',
      '_addFromTable',
      '_open',
      '_isCloser',
      '_addPending',
      '_readMore',
      '_flush',
      '_endAfterCommit',
      '_dec',
      '_onvisit',
      '_onerror',
      '_oncycle',
      '_downHint',
      '_pushClosest',
      '_compare',
      '_visit',
      '_onvisitbound',
      '_onerrorbound',
      '_oncyclebound'
    ],
    why: 'The engine visits the nodes.'
  },
  {
    of: 'Query',
    kind: INTERNAL,
    members: ['_commit', '_session', '_autoDestroySession'],
    why: 'What the options said. They are kept in another form.'
  }
]
