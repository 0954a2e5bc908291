'use strict'

// Of sockets and of udx.

const { KINDS } = require('../kinds')

const { INTERNAL } = KINDS

module.exports = [
  {
    of: 'UDX',
    kind: INTERNAL,
    members: ['_handle', '_view64', '_buffer', '_watchers', '_consumeMessage', '_reallocMessage'],
    why: 'The handle of udx and what belongs to it.'
  },
  {
    of: 'UDXSocket',
    kind: INTERNAL,
    members: [
      '_handle',
      '_view64',
      '_inited',
      '_family',
      '_host',
      '_port',
      '_ipv6Only',
      '_reuseAddress',
      '_reqs',
      '_free',
      '_closing',
      '_closed',
      '_init',
      '_onsend',
      '_onmessage',
      '_onclose',
      '_reallocMessage',
      '_onidle',
      '_onbusy',
      '_closeMaybe',
      '_allocSend'
    ],
    why: 'The handle of udx and what belongs to it.'
  }
]
