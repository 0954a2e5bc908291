'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const datagrams = require('../crossing/datagram-queue')

const OF_HUB = 5
const OF_SOCKET = 4
const OF_STREAM = 13
const TOGETHER = 64 // sockets and streams that are asked about in one go; of more, only those that are wanted

// What a hub, its sockets and its streams count, as it was at one moment of each turn.
module.exports = class Figures {
  constructor(hub) {
    this._hub = hub
    this._sockets = new Set()
    this._streams = new Set()
    this._turn = -1
    this._known = new Map()
  }

  addSocket(handle) {
    this._sockets.add(handle)
  }

  addStream(handle) {
    this._streams.add(handle)
  }

  remove(handle) {
    this._sockets.delete(handle)
    this._streams.delete(handle)
  }

  // JavaScript did something that counts.
  change() {
    this._turn = -1
  }

  ofHub(i) {
    return this._of(this._hub, [], [])[i]
  }

  ofSocket(handle, i) {
    return this._of(handle, [handle], [])[i]
  }

  // NaN: it has closed.
  ofStream(handle, i) {
    return this._of(handle, [], [handle])[i]
  }

  _of(thing, sockets, streams) {
    const turn = environment.turn()
    if (turn !== this._turn) this._known.clear()
    this._turn = turn
    const known = this._known.get(thing)
    if (known !== undefined) return known
    const few = this._sockets.size + this._streams.size <= TOGETHER && this._known.size === 0
    this._look(
      few ? new Set([...this._sockets, ...sockets]) : sockets,
      few ? this._streams : streams
    )
    return this._known.get(thing)
  }

  _look(sockets, streams) {
    datagrams.flush()
    const figures = native.udxFigures(this._hub.number, numbersOf(sockets), numbersOf(streams))
    let at = 0
    const take = (thing, count) => {
      if (!this._known.has(thing)) this._known.set(thing, figures.slice(at, at + count))
      at += count
    }
    take(this._hub, OF_HUB)
    for (const socket of sockets) take(socket, OF_SOCKET)
    for (const stream of streams) take(stream, OF_STREAM)
  }
}

function numbersOf(things) {
  return Array.from(things, ({ number }) => number)
}
