'use strict'

const { compareDistance } = require('./distance')
const Slab = require('../crossing/slab')
const { readReply, readSender, replySerial, replyLength } = require('./records')

// The replies of a query. What is emitted and what is among the closest are the same objects.
module.exports = class ClosestReplies {
  constructor() {
    this._closest = []
    this._packed = null // the closest of a query that nobody looked at
    this._senders = null // of these, if somebody looked at them alone
    this._bySerial = new Map()
  }

  get closest() {
    if (this._packed !== null) this._unpack()
    return this._closest
  }

  // Who sent the closest. What they said is not read for that.
  get senders() {
    if (this._packed === null) return this._closest.map((reply) => reply.from)
    if (this._senders === null) this._readSenders()
    return this._senders.slice()
  }

  // observers: who may have seen it already, or null.
  read(slab, at, observers = null) {
    const serial = replySerial(slab, at)
    let reply = this._bySerial.get(serial)
    if (reply === undefined) {
      reply = (observers !== null && observers.replyAt(slab, at)) || readReply(slab, at)
      this._bySerial.set(serial, reply)
    }
    return reply
  }

  // The array stays the same one, as somebody may hold it.
  readClosest(slab, at, count) {
    const closest = this._closest
    closest.length = count
    for (let i = 0; i < count; i++) {
      closest[i] = this.read(slab, at)
      at += replyLength(slab, at)
    }
  }

  // The last ones. Read when somebody looks, as most look at few queries of many.
  keepClosest(slab, at, count, end) {
    if (this._bySerial.size > 0) return this.readClosest(slab, at, count)
    this._packed = Slab.of(slab.bytes.subarray(at, end))
    this._closest.length = count
  }

  // Of two from one node the first stays.
  insert(reply, target, k) {
    const { closest } = this
    let i = closest.length
    for (; i > 0; i--) {
      const order = compareDistance(target, closest[i - 1].from.id, reply.from.id)
      if (order === 0) return
      if (order < 0) break
    }
    if (i === k) return
    closest.splice(i, 0, reply)
    if (closest.length > k) closest.pop()
  }

  // Nothing more is read.
  end() {
    this._bySerial.clear()
  }

  _unpack() {
    const packed = this._packed
    this._packed = null
    this.readClosest(packed, 0, this._closest.length)
    this.end()
    if (this._senders === null) return
    for (const [i, sender] of this._senders.entries()) this._closest[i].from = sender
    this._senders = null
  }

  _readSenders() {
    this._senders = []
    let at = 0
    for (let i = 0; i < this._closest.length; i++) {
      this._senders.push(readSender(this._packed, at))
      at += replyLength(this._packed, at)
    }
  }
}
