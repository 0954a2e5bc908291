'use strict'

const environment = require('../crossing/environment')
const asyncContext = require('../crossing/async-context')
const verdicts = require('./verdicts')
const Request = require('./request')
const observe = require('./observed-records')
const { formatBootstrapNodes } = require('./bootstrap')
const { KINDS, readRequest, readSubjects, readAddress } = require('./records')

module.exports = { dispatch, dispatchLast }

// What each record from the engine means to the node that it is about.
function dispatch(handle, kind, slab, at) {
  const i = at >> 2
  const w = slab.words

  switch (kind) {
    case KINDS.REQUEST:
      return onrequest(handle, slab, at)
    case KINDS.RESPONSE:
      handle.counters.responded(w[i + 3])
      return handle.requests.onresponse(w[i + 2], slab, at + 16)
    case KINDS.FAILURE:
      handle.counters.failed(w[i + 3])
      return handle.requests.onfailure(w[i + 2], w[i + 3])
    case KINDS.QUERY_ROW:
      return handle.queries.onrow(w[i + 2], slab, at)
    case KINDS.QUERY_PROGRESS:
      return handle.queries.onprogress(w[i + 2], slab, at)
    case KINDS.QUERY_COMMIT:
      return handle.queries.oncommit(w[i + 2], slab, at)
    case KINDS.QUERY_END:
      return handle.queries.onend(w[i + 2], slab, at)
    case KINDS.STATUS:
      return onstatus(handle, slab, at)
    case KINDS.VERDICT:
      return onverdict(handle, w[i + 2], readSubjects(slab, at + 16, w[i + 3]))
    case KINDS.REQUEST_VERDICT:
      return onrequestverdict(handle, w[i + 2], readAddress(slab, i + 3))
    case KINDS.SEND:
      return onsend(handle, slab, at)
    case KINDS.BOOTSTRAP_WANTED:
      return onbootstrapwanted(handle, w[i + 2])
    case KINDS.LOOKUP_WANTED:
      return handle.names.onwanted(
        w[i + 2],
        slab.bytes.toString('utf8', at + 16, at + 16 + w[i + 3])
      )
    case KINDS.ALARM:
      return handle.alarms.onalarm(w[i + 2])
    case KINDS.NETWORK_STATE:
      return handle.onprobed(w[i + 2], w[i + 3] === 1)
    case KINDS.CRASHED:
      return handle.oncrashed(slab.bytes.toString('utf8', at + 16, at + 16 + w[i + 2]))
    default:
      if (kind >= KINDS.REQUEST_SEEN) return observe(handle, kind, slab, at)
      return onevent(handle, kind, slab, at)
  }
}

// What settles something with the node's end. Nothing calls the user's code any more.
function dispatchLast(handle, kind, slab, at) {
  switch (kind) {
    case KINDS.FAILURE:
    case KINDS.QUERY_COMMIT:
    case KINDS.QUERY_END:
    case KINDS.SEND:
    case KINDS.NETWORK_STATE:
      return dispatch(handle, kind, slab, at)
    case KINDS.READY:
      return handle.onready()
  }
}

// Listeners may await, and what they await goes on before the next record.
function onevent(handle, kind, slab, at) {
  const { dht } = handle
  environment.expectUserCode()

  switch (kind) {
    case KINDS.READY:
      handle.onready()
      return emitBoth(dht, 'ready', 'bootstrap')
    case KINDS.PERSISTENT:
      return dht.emit('persistent')
    case KINDS.EPHEMERAL:
      return dht.emit('ephemeral')
    case KINDS.WAKEUP:
      return emitBoth(dht, 'wakeup', 'wake-up')
    case KINDS.NAT_UPDATE:
      return onnatupdate(handle, slab, at >> 2)
    case KINDS.NETWORK_UPDATE:
      return dht.emit('network-update')
    case KINDS.NETWORK_CHANGE:
      return handle.interfaces.changed()
    case KINDS.NODE_ADDED:
      return dht.emit('add-node', handle.view.entry(slab, at + 8))
    case KINDS.NODE_REMOVED:
      return onnoderemoved(handle, handle.view.entry(slab, at + 8))
  }
}

// The table is another one when its centre is.
function onstatus(handle, slab, at) {
  const { view } = handle
  const before = view.idText
  view.onstatus(slab, at)
  if (view.idText !== before) handle.anotherTable()
}

function onnatupdate(handle, slab, i) {
  const host = slab.words[i + 2] === 1 ? readAddress(slab, i + 3).host : null
  handle.dht.emit('nat-update', host, slab.words[i + 4])
}

function onnoderemoved(handle, entry) {
  handle.view.forget(entry)
  handle.dht.emit('remove-node', entry)
}

function onrequest(handle, slab, at) {
  const socket = handle.sockets.get(slab.words[(at >> 2) + 6])
  environment.expectUserCode() // a handler may await before the next request
  const req = readRequest(slab, at, new Request(handle.replier, socket))
  if (handle.observers === null) handle.handleCommand(req)
  else handle.observers.oncommand(req)
}

// Nothing goes on by what the filter does, so the next record need not wait for microtasks.
function onverdict(handle, key, nodes) {
  const accepted = new Array(nodes.length).fill(false)
  try {
    asyncContext.isolate(() => judge(handle, nodes, accepted))
  } finally {
    verdicts.add(handle, key, accepted)
  }
}

// Those after one that the filter throws for are refused.
function judge(handle, nodes, accepted) {
  for (let i = 0; i < nodes.length && !handle.gone; i++) {
    accepted[i] = !!handle.dht._filterNode(nodes[i])
  }
}

// A request is waiting for what the user's filter says of its sender.
function onrequestverdict(handle, key, { host, port }) {
  environment.expectUserCode()
  let accepted = false
  try {
    accepted = !!handle.settings.filterRequest({ host, port })
  } finally {
    handle.answerVerdict(key, Buffer.of(accepted ? 1 : 0))
  }
}

function onsend(handle, slab, at) {
  const i = at >> 2
  const w = slab.words
  const socket = handle.sockets.get(w[i + 2])
  if (socket === null) return
  const { host } = readAddress(slab, i + 3)
  socket.trySend(slab.copy(at + 24, w[i + 5]), w[i + 4] & 0xffff, host, w[i + 4] >>> 16)
}

function onbootstrapwanted(handle, key) {
  let list = []
  try {
    list = formatBootstrapNodes(handle.settings.bootstrapNodes)
  } finally {
    handle.answerBootstrapNodes(key, list)
  }
}

function emitBoth(dht, name, alias) {
  dht.emit(name)
  if (!dht.destroyed) dht.emit(alias)
}
