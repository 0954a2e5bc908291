'use strict'

// Of sockets and of udx.

const { KINDS } = require('../kinds')

const { SOCKETS, INTERNAL } = KINDS

module.exports = [
  {
    of: 'UDX',
    kind: SOCKETS,
    members: [
      'createSocket',
      'createStream',
      'watchNetworkInterfaces',
      'bytesTransmitted',
      'packetsTransmitted',
      'bytesReceived',
      'packetsReceived',
      'packetsDroppedByKernel'
    ],
    why: 'Sockets and udx: a chapter of their own.'
  },
  {
    of: 'UDX',
    kind: INTERNAL,
    members: ['_handle', '_view64', '_buffer', '_watchers', '_consumeMessage', '_reallocMessage'],
    why: 'The handle of udx and what belongs to it.'
  },
  {
    of: 'UDX (class)',
    kind: SOCKETS,
    members: ['isIPv6', 'isIP'],
    why: 'Sockets and udx: a chapter of their own.'
  },
  {
    of: 'UDXSocket',
    kind: SOCKETS,
    members: [
      '(is a)',
      'udx',
      'streams',
      'userData',
      'bound',
      'closing',
      'idle',
      'busy',
      'bytesTransmitted',
      'packetsTransmitted',
      'bytesReceived',
      'packetsReceived',
      'packetsDroppedByKernel',
      'toJSON',
      'bind',
      'close',
      'setTTL',
      'getRecvBufferSize',
      'setRecvBufferSize',
      'getSendBufferSize',
      'setSendBufferSize',
      'addMembership',
      'dropMembership',
      'send',
      'trySend',
      'event listening',
      'event message',
      'event close'
    ],
    why: 'Sockets and udx: a chapter of their own.'
  },
  {
    of: 'UDXSocket',
    kind: INTERNAL,
    members: [
      '_handle',
      '_view64',
      '_inited',
      '_family',
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
      '_addStream',
      '_removeStream',
      '_closeMaybe',
      '_allocSend'
    ],
    why: 'The handle of udx and what belongs to it.'
  }
]
