'use strict'

const { idOf, compare } = require('../helpers/ids')

const K = 20

// Somebody else on the network. Speaks only when a scenario says so.
class Peer {
  constructor(number) {
    this.host = `77.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`
    this.port = 1000 + (number % 60000)
    this.address = `${this.host}:${this.port}`
    this.id = idOf(this)
    // Answers nothing.
    this.silent = false
    // Says no id, as ephemeral nodes do.
    this.anonymous = false
  }
}

// Numbered peers, always the same ones, and the network that they tell others about.
class Peers {
  constructor() {
    this._byAddress = new Map()
    this._next = 1
    this.network = []
  }

  take(count) {
    return Array.from({ length: count }, () => this._make(this._next++))
  }

  // Peers whose ids share exactly `prefix` leading bits with `centre`.
  takeNear(centre, prefix, count) {
    const found = []
    while (found.length < count) {
      const peer = new Peer(this._next++)
      if (sharedBits(peer.id, centre) !== prefix) continue
      this._byAddress.set(peer.address, peer)
      found.push(peer)
    }
    return found
  }

  at(address) {
    return this._byAddress.get(address) ?? null
  }

  // Of the network, those nearest to the target.
  closest(target, count = K) {
    return nearestFirst(target, this.network).slice(0, count)
  }

  _make(number) {
    const peer = new Peer(number)
    this._byAddress.set(peer.address, peer)
    return peer
  }
}

function nearestFirst(target, peers) {
  return peers.toSorted((a, b) => compare(target, a.id, b.id))
}

function sharedBits(a, b) {
  const byte = a.findIndex((value, i) => value !== b[i])
  return byte * 8 + Math.clz32(a[byte] ^ b[byte]) - 24
}

module.exports = { Peers, nearestFirst }
