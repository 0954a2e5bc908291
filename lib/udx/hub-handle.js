'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const asyncContext = require('../crossing/async-context')
const { throwLater } = require('../crossing/clock')
const { internalsOf } = require('../common/internals')
const Figures = require('./figures')
const { KINDS } = require('./records')

// A hub that nothing of JavaScript can reach any more.
const unreachable = asyncContext.run(
  () => new FinalizationRegistry((number) => native.udxForget(number))
)

// What a UDX instance keeps to itself: the engine's hub, made when it is needed first, and who watches
// the network interfaces.
module.exports = class HubHandle {
  // node: whose own it is, or null.
  constructor(udx, node) {
    this.watchers = new Set()
    this._sockets = new Map() // by the engine's numbers
    this.figures = new Figures(this)
    this._nodes = new Set() // those that share it, as WeakRefs
    this._ref = new WeakRef(udx)
    this._node = node
    this._number = 0
    this._watching = 0
  }

  // Of this copy of the package; another's are known to another engine, perhaps.
  static of(udx) {
    const handle = internalsOf(udx)
    return handle instanceof this ? handle : null
  }

  // By which the engine knows it.
  get number() {
    if (this._number === 0) this._make()
    return this._number
  }

  // One of: bytes sent, packets sent, bytes received, packets received, of all sockets.
  traffic(i) {
    return this._number === 0 && this._node === null ? 0 : this.figures.ofHub(i)
  }

  // A socket is bound. handle: its SocketHandle.
  addSocket(handle) {
    this._sockets.set(native.udxSocketNumber(handle.number), handle)
  }

  // It is about to close.
  removeSocket(handle) {
    this._sockets.delete(native.udxSocketNumber(handle.number))
    this.figures.remove(handle)
  }

  // node: whose sockets are of this hub.
  addNode(node) {
    this._nodes.add(new WeakRef(node))
  }

  // The UDXSocket that the engine knows as `number`; null if it is closed.
  socketOf(number) {
    const known = this._sockets.get(number)
    return known === undefined ? this._ofNodes(number) : known.socket
  }

  // Nodes' own are made for who looks at them.
  _ofNodes(number) {
    const nodes = [this._node, ...Array.from(this._nodes, (ref) => ref.deref())]
    for (const node of nodes.filter(Boolean)) {
      const socket = node.sockets.ofHub(number)
      if (socket !== null) return socket
    }
    return null
  }

  // A watcher that watches keeps the process alive.
  startWatching() {
    const { number } = this
    if (++this._watching === 1) {
      native.udxWatch(environment.number, number, true)
      environment.add(this)
    }
    environment.retain()
  }

  stopWatching() {
    if (--this._watching === 0) {
      native.udxWatch(environment.number, this._number, false)
      environment.forget(this)
    }
    environment.release()
  }

  onrecord(kind) {
    if (kind !== KINDS.NETWORK_CHANGE) return
    for (const watcher of [...this.watchers]) {
      environment.expectUserCode()
      try {
        watcher.onsystem()
      } catch (err) {
        throwLater(err) // the other watchers are told as well
      }
    }
  }

  _make() {
    const make = () => (this._node === null ? native.udxCreate() : this._ofNode())
    this._number = environment.make(make)
    const udx = this._ref.deref()
    if (udx !== undefined) unreachable.register(udx, this._number)
  }

  // Of a node that is gone the user may still want sockets.
  _ofNode() {
    return native.udxOfNode(this._node.number) || native.udxCreate()
  }
}
