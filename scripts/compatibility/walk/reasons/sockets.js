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
  },
  {
    of: 'UDXStream',
    kind: INTERNAL,
    members: [
      '_handle',
      '_view',
      '_view16',
      '_view64',
      '_sreqs',
      '_sfree',
      '_closed',
      '_flushing',
      '_flushes',
      '_buffer',
      '_onwrite',
      '_ondestroy',
      '_firewall',
      '_remoteChanging',
      '_previousSocket',
      '_writeContinue',
      '_destroyContinue',
      '_onend',
      '_onack',
      '_onsend',
      '_onclose',
      '_onfirewall',
      '_flushAck',
      '_consumeData',
      '_reallocData',
      '_reallocMessage',
      '_allocWrite',
      '_allocSend'
    ],
    why: 'The handle of a stream and what belongs to it.'
  },
  {
    of: 'UDXStream',
    kind: INTERNAL,
    members: ['_wreqs', '_wfree'],
    why: 'Their lengths are what others read: the difference is what is not yet acknowledged.'
  },
  {
    of: 'UDXStream._wreqs[]',
    kind: INTERNAL,
    members: ['handle', 'size', 'buffers', 'buffer', 'flush'],
    why: 'A count has no members.'
  }
]
