'use strict'

const environment = require('../crossing/environment')
const Request = require('./request')
const { opener } = require('../common/internals')
const { KINDS, readRequest, readNode } = require('./records')

// Who observes a request that the engine has answered can say nothing more to it.
const MUTE = { open: opener({ reply() {}, relay() {} }) }

// What each record means that only a node gets which wants to see more than what is meant for it.
module.exports = function observe(handle, kind, slab, at) {
  environment.expectUserCode()
  const w = slab.words
  const i = at >> 2

  switch (kind) {
    case KINDS.REQUEST_SEEN:
      return onrequest(handle, slab, at)
    case KINDS.REPLY_SEEN:
      return handle.observers.onreply(slab, at + 16, handle.sockets.get(w[i + 2]))
    case KINDS.TIMED_OUT:
      return handle.observers.ontimeout(handle.inFlight.timedOut(slab, at + 8))
    case KINDS.TRY_ENDED:
      return handle.inFlight.ontry(w[i + 3], w[i + 4])
    case KINDS.BUCKET_GAINED:
      return tell(handle, (buckets) => buckets.gained(handle.view.entry(slab, at + 8)))
    case KINDS.BUCKET_LOST:
      return tell(handle, (buckets) => buckets.lost(handle.view.entry(slab, at + 8)))
    case KINDS.BUCKET_FULL:
      return tell(handle, (buckets) => buckets.full(readNode(slab, at + 8)))
  }
}

function onrequest(handle, slab, at) {
  const socket = handle.sockets.get(slab.words[(at >> 2) + 6])
  const req = readRequest(slab, at, new Request(MUTE, socket))
  req.internal = true
  handle.observers.onrequest(req)
}

function tell({ buckets }, what) {
  if (buckets !== null) what(buckets)
}
