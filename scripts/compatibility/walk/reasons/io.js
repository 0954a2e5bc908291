'use strict'

// Of a node's io and of its requests.

const { KINDS } = require('../kinds')

const { INTERNAL } = KINDS

module.exports = [
  {
    of: 'IO',
    kind: INTERNAL,
    members: ['_secrets', '_rotateSecrets'],
    why: 'The secrets of tokens do not leave the engine.'
  },
  {
    of: 'IO',
    kind: INTERNAL,
    members: ['_drainInterval', '_drain', '_pending'],
    why: 'The engine holds the requests that wait for the window.'
  },
  {
    of: 'IO',
    kind: INTERNAL,
    members: ['_adt'],
    why: 'The engine adapts time-outs. The option `adaptiveTimeout` sets them.'
  },
  {
    of: 'IO',
    kind: INTERNAL,
    members: [
      '_binding',
      '_bindSockets',
      '_rebind',
      '_clear',
      '_destroy',
      '_destroying',
      '_host',
      '_anyPort',
      '_boundServerPort',
      '_boundClientPort'
    ],
    why: 'Steps and state of `bind()`, `suspend()`, `resume()` and `destroy()`.'
  },
  {
    of: 'NetworkInterfaces',
    kind: INTERNAL,
    members: ['_handle'],
    why: 'The handle of udx and what belongs to it.'
  },
  {
    of: 'Request (class)',
    kind: INTERNAL,
    members: ['decode'],
    why: 'The engine decodes datagrams. `onmessage()` takes them.'
  },
  {
    of: 'Session',
    kind: INTERNAL,
    members: ['_attach', '_detach'],
    why: 'What the node calls. Behind a Proxy no internals can be members.'
  },
  {
    of: 'Request, made',
    kind: INTERNAL,
    members: ['_buffer', '_io', '_timeout', '_timestamp', '_sendNow', '_encodeRequest', 'index'],
    why: 'The engine encodes, sends and times requests.'
  },
  {
    of: 'Request, made',
    kind: INTERNAL,
    members: ['reply', 'error', 'relay', 'sendReply', '_sendReply'],
    why: 'A request that the node made itself has nobody to answer.'
  },
  {
    of: 'Request, received',
    kind: INTERNAL,
    members: [
      'session',
      'index',
      'sent',
      'retries',
      'timeout',
      'oncycle',
      'onerror',
      'onresponse',
      'send',
      '_sendNow',
      '_buffer',
      '_timeout',
      '_timestamp',
      '_encodeRequest'
    ],
    why: 'Of a request that the node makes itself; nothing of it counts in one that came.'
  },
  {
    of: 'Request, received',
    kind: INTERNAL,
    members: ['_io', '_sendReply'],
    why: 'The engine encodes and sends replies. `sendReply()` is there.'
  }
]
