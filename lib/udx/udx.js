'use strict'

const native = require('../crossing/native')
const HubHandle = require('./hub-handle')
const NetworkInterfaces = require('./network-interfaces')
const UDXSocket = require('./udx-socket')
const countTraffic = require('./count-traffic')
const DHTError = require('../common/errors')
const { hide, internalsOf } = require('../common/internals')
const { lazily } = require('../common/lazily')
const ip = require('./ip')

const UDXStream = lazily(() => require('./udx-stream'))
const lookup = lazily(() => require('../crossing/lookup'))

// Nobody knows what the system dropped. It is what udx-native says, too.
const UNKNOWN = 2 ** 64
// Characters of a name.
const MAX_NAME = 255

// Sockets and streams of the engine's: those that are made here, and those of the nodes that share it.
class UDX {
  constructor() {
    hide(this, new HubHandle(this, null))
  }

  // That of a node whose user brought none.
  static ofNode(node) {
    const udx = new UDX()
    hide(udx, new HubHandle(udx, node))
    return udx
  }

  static isIPv4(host) {
    return ip.isIPv4(host)
  }

  static isIPv6(host) {
    return ip.isIPv6(host)
  }

  static isIP(host) {
    return ip.isIP(host)
  }

  get packetsDroppedByKernel() {
    return UNKNOWN
  }

  // Messages that JavaScript did not keep up with. udx-native has no such count.
  get packetsDropped() {
    return internalsOf(this).traffic(4)
  }

  createSocket(opts) {
    return new UDXSocket(this, opts)
  }

  createStream(id, opts) {
    return new (UDXStream())(this, id, opts)
  }

  networkInterfaces() {
    const [watcher] = internalsOf(this).watchers
    return watcher === undefined ? native.networkInterfaces() : watcher.interfaces
  }

  watchNetworkInterfaces(onchange) {
    const hub = internalsOf(this)
    const watcher = new NetworkInterfaces(hub)
    hub.watchers.add(watcher)
    watcher.on('close', () => hub.watchers.delete(watcher))
    if (onchange) watcher.on('change', onchange)
    return watcher.watch()
  }

  async lookup(host, { family = 0 } = {}) {
    if (typeof host !== 'string' || host === '' || host.length > MAX_NAME) {
      throw DHTError.coded(Error, 'EINVAL', 'invalid argument')
    }
    const wanted = family === 4 || family === 6 ? family : 0
    const known = ip.isIP(host)
    if (wanted !== 0 && known !== 0 && known !== wanted) {
      throw DHTError.coded(Error, 'EAI_ADDRFAMILY', 'address family not supported')
    }
    try {
      const { address, family: found } = await lookup()(host, wanted)
      return { host: address, family: found }
    } catch {
      // As libuv calls it.
      throw DHTError.coded(Error, 'EAI_NONAME', 'unknown node or service')
    }
  }
}

countTraffic(UDX)

module.exports = UDX
