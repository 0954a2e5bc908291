'use strict'

// Where the engine differs from the reference on purpose: section 11 of the protocol, and what goes
// with it. Each entry changes that one thing in the copy of the reference under comparison; nothing
// else is forgiven. What is random (tids, tokens, random picks) is mapped in trace.js and
// reference.js.

const b4a = require('b4a')
const { IO_SUSPENDED } = require('dht-rpc-reference/lib/errors')
const { compare, idOf } = require('../helpers/ids')

const REPLY = 0x13
const PING_NAT = 1
const DATAGRAM_LIMIT = 2048

// `shown` is a scenario that fails without the entry. `classes({DHT, IO, Query, Session, Health,
// Table})` comes before the node is made, `node(dht, udx)` after, `slept(dht, ms)` when the wall clock
// has gone on alone.
module.exports = [
  {
    title: 'closest is exactly the k nearest, in XOR order',
    shown: 'commands: FIND_NODE: closer nodes, no token',
    classes({ Table }) {
      const { closest } = Table.prototype
      Table.prototype.closest = function (target, k = this.k) {
        const all = closest.call(this, this.id, Infinity)
        if (k === Infinity) return all
        return all.sort((a, b) => compare(target, a.id, b.id)).slice(0, k)
      }
    }
  },
  {
    title: 'a reply to an internal command comes from where it was asked',
    shown: 'requests: a reply to an internal command comes from the one that was asked',
    classes({ IO }) {
      const { onmessage } = IO.prototype
      IO.prototype.onmessage = function (socket, datagram, from) {
        if (datagram[0] === REPLY && datagram.byteLength >= 4) {
          const tid = datagram.readUInt16LE(2)
          const asked = this.inflight.find((request) => request.tid === tid)
          if (asked && asked.internal && !mayAnswer(asked.to, from)) return
        }
        onmessage.call(this, socket, datagram, from)
      }
    }
  },
  {
    title: 'waiting requests leave as soon as there is a place, in order; answered ones never',
    shown: 'window: a reply gives a place back at once, in the order of asking',
    node({ io }) {
      const waiting = new Waiting(io.inflight)
      const { recv, isFull } = io.congestion
      const { _drain } = io
      let leaving = false

      io._pending = waiting
      io.congestion.isFull = () => isFull.call(io.congestion) || (!leaving && !waiting.isEmpty())
      io.congestion.recv = () => {
        recv.call(io.congestion)
        // Once all that this call gives back is given back.
        queueMicrotask(() => leave(fill))
      }
      io._drain = () => leave(() => _drain.call(io))

      function fill() {
        while (!waiting.isEmpty() && !io.congestion.isFull()) waiting.shift()._sendNow()
      }

      function leave(work) {
        leaving = true
        work()
        leaving = false
      }
    }
  },
  {
    title: 'rtt does not count the time that the machine slept',
    shown: 'requests: the round-trip time does not count the time that the machine slept',
    slept({ io }, ms) {
      for (const request of io.inflight) request._timestamp += ms
    }
  },
  {
    title: 'a datagram over 2048 bytes is dropped',
    shown: 'commands: a datagram over 2048 bytes is dropped, one of 2048 is read',
    node(dht, udx) {
      const { receive } = udx
      udx.receive = (socket, datagram, from) => {
        if (datagram.byteLength <= DATAGRAM_LIMIT) receive.call(udx, socket, datagram, from)
      }
    }
  },
  {
    title: 'the answer to an internal command does not wait for the filter',
    shown: 'sockets: filter: who is not judged yet is answered, and does not name itself',
    classes({ DHT }) {
      const { _onrequest, _addNodeFromNetwork } = DHT.prototype
      DHT.prototype._onrequest = function (request, external) {
        if (!request.internal || this._filterNode === null) {
          return _onrequest.call(this, request, external)
        }
        const { from, to } = request
        const sender = { ...from }
        this._addNodeFromNetwork = () => {}
        _onrequest.call(this, request, external)
        delete this._addNodeFromNetwork
        if (from.id !== null) _addNodeFromNetwork.call(this, !external, sender, to)
      }
    }
  },
  {
    title: 'a down hint does not remove a node that answers the check',
    shown: 'commands: DOWN_HINT: a node of the table is checked once a tick',
    classes({ DHT }) {
      const { _onresponse, _removeStaleNode } = DHT.prototype
      DHT.prototype._onresponse = function (reply, external) {
        const { from } = reply
        const accepted = this._filterNode === null || this._filterNode(from)
        this._answered = accepted ? from.id : null
        _onresponse.call(this, reply, external)
      }
      DHT.prototype._removeStaleNode = function (node, lastSeen) {
        const answered = this._answered && b4a.equals(this._answered, node.id)
        if (!answered) _removeStaleNode.call(this, node, lastSeen)
      }
    }
  },
  {
    title: 'the quick look at the firewall leaves after the visits of the same moment',
    shown: 'life-cycle: quick firewall: open, so the bootstrap ends unfirewalled and ephemeral',
    classes({ DHT }) {
      const { _request, _checkIfFirewalled } = DHT.prototype
      DHT.prototype._checkIfFirewalled = function (...args) {
        this._looks = true
        return _checkIfFirewalled.apply(this, args)
      }
      DHT.prototype._request = function (...args) {
        const isQuick = args[3] === PING_NAT && !this.bootstrapped && !this._looks
        if (!isQuick) return _request.apply(this, args)
        // Its lookup goes on as soon as the row was read.
        const last = () => _request.apply(this, args)
        queueMicrotask(() => queueMicrotask(() => queueMicrotask(last)))
      }
    }
  },
  {
    title: 'an unanswered PING_NAT does not remove a node',
    shown: 'life-cycle: quick firewall: closed, so nothing more is asked',
    classes({ DHT }) {
      const { _ontimeout } = DHT.prototype
      DHT.prototype._ontimeout = function (request) {
        if (!request.internal || request.command !== PING_NAT) _ontimeout.call(this, request)
      }
    }
  },
  {
    title: 'after the table is rebuilt full buckets are renewed on',
    shown: 'buckets: full: after the table was rebuilt buckets are renewed on',
    classes({ Table }) {
      const { on } = Table.prototype
      Table.prototype.on = function (name, listener) {
        if (name === 'row') this.rows.forEach((row) => listener(row))
        return on.call(this, name, listener)
      }
    }
  },
  {
    title: 'nodes dropped by a rebuilt table give remove-node',
    shown: 'life-cycle: the table is rebuilt around our own id, full buckets drop nodes',
    classes({ DHT }) {
      DHT.prototype._removeNode = function (node) {
        if (!this.nodes.has(node)) return
        this.table.remove(node.id)
        this.nodes.remove(node)
      }
    },
    node(dht) {
      const { remove } = dht.nodes
      dht.nodes.remove = (node) => {
        remove.call(dht.nodes, node)
        if (!dht.table.has(node.id)) dht.emit('remove-node', node)
      }
    }
  },
  {
    title: 'our own entry leaves the node list with the table',
    shown: 'buckets: our own entry goes when the table is rebuilt around it',
    node(dht) {
      let { table } = dht.io
      const set = (rebuilt) => {
        table = rebuilt
        const own = dht.table.get(rebuilt.id)
        if (own === null) return
        dht.nodes.remove(own)
        dht.emit('remove-node', own)
      }
      Object.defineProperty(dht.io, 'table', { get: () => table, set })
    }
  },
  {
    title: 'addNode of a node that is known does not list it twice',
    shown: 'buckets: addNode of a known node takes its place, last in the list',
    classes({ DHT }) {
      const { addNode } = DHT.prototype
      DHT.prototype.addNode = function (node) {
        const known = this.table.get(idOf(node))
        if (known === null) return addNode.call(this, node)
        Object.assign(known, { to: null, sampled: 0, downHints: 0 })
        known.added = known.pinged = known.seen = this._tick
        this.nodes.add(known)
        this.emit('add-node', known)
      }
    }
  },
  {
    title: 'a swap does not list a node twice that was added meanwhile',
    shown: 'buckets: full: the new one gets in by itself meanwhile',
    classes({ DHT }) {
      const { _addNode } = DHT.prototype
      DHT.prototype._addNode = function (node) {
        if (!this.table.has(node.id)) _addNode.call(this, node)
      }
    }
  },
  {
    title: 'a swap goes on though its old node was heard of before it left',
    shown: 'buckets: full: the old one is heard of and leaves meanwhile',
    classes({ DHT }) {
      const { _removeNode } = DHT.prototype
      DHT.prototype._removeNode = function (node) {
        _removeNode.call(this, node)
        node.seen = -Infinity
      }
    }
  },
  {
    title: 'degraded clears after an offline tick too',
    shown: 'health: degraded clears after an offline tick too',
    classes({ Health }) {
      const { update } = Health.prototype
      Health.prototype.update = function () {
        // It never was counted as healthy, but is taken off as such.
        if (this.oldest?.offline) this._healthyTicks++
        update.call(this)
      }
    }
  },
  {
    title: 'the row that came last is told before Too few nodes responded',
    shown: 'commits: only nodes without id',
    classes({ Query }) {
      const { _endAfterCommit } = Query.prototype
      Query.prototype._endAfterCommit = function (commits) {
        const isLost = commits.length === 0 && this._readableState.buffered > 0
        if (isLost) setImmediate(() => _endAfterCommit.call(this, commits))
        else _endAfterCommit.call(this, commits)
      }
    }
  },
  {
    title: 'session.destroy gives window places back once, and only those that were taken',
    shown: 'window: what waits gives no place back when it is destroyed',
    classes({ Session }) {
      Session.prototype.destroy = function (error) {
        while (this.inflight.length > 0) {
          const [request] = this.inflight
          if (request.sent === 0) this.dht.io.congestion.send()
          request.destroy(error)
        }
      }
    }
  },
  {
    title: 'a request made while suspended rejects at once, uncounted',
    shown: 'suspend: a request made while suspended rejects at once',
    classes({ IO }) {
      const { createRequest } = IO.prototype
      IO.prototype.createRequest = function (...args) {
        const request = createRequest.apply(this, args)
        if (request === null || !this.suspended) return request
        this.stats.requests.total--
        if (request.internal && request.command in this.stats.commands) {
          this.stats.commands[request.command].tx--
        }
        request.send = () => queueMicrotask(() => request.destroy(IO_SUSPENDED()))
        return request
      }
    }
  }
]

// Requests that wait for the window, without those that were answered or destroyed meanwhile.
class Waiting {
  constructor(inflight) {
    this._inflight = inflight
    this._requests = []
  }

  push(request) {
    this._requests.push(request)
  }

  shift() {
    return this.isEmpty() ? undefined : this._requests.shift()
  }

  isEmpty() {
    while (this._requests.length > 0 && !this._inflight.includes(this._requests[0])) {
      this._requests.shift()
    }
    return this._requests.length === 0
  }
}

function mayAnswer(asked, from) {
  return asked.port === from.port && (asked.host === from.host || isInside(asked.host))
}

// Unspecified, loopback, private, link-local: a host may answer from another of its addresses.
function isInside(host) {
  return /^(0\.0\.0\.0$|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host)
}
