'use strict'

const dgram = require('dgram')

const HOST = '127.0.0.1'

// A bootstrap node, and whatever joins it. One package only.
module.exports = class World {
  static async open(DHT) {
    const world = new World(DHT)
    world.bootstrapper = DHT.bootstrapper(await freePort(), HOST, { host: HOST })
    world.nodes.push(world.bootstrapper)
    await world.bootstrapper.fullyBootstrapped()
    return world
  }

  constructor(DHT) {
    this.DHT = DHT
    this.nodes = []
    this.bootstrapper = null
  }

  get address() {
    return { host: HOST, port: this.bootstrapper.localAddress().port }
  }

  // Not destroyed by itself before close().
  node(opts) {
    const node = new this.DHT({ host: HOST, bootstrap: [this.address], ...opts })
    this.nodes.push(node)
    return node
  }

  async joined(opts) {
    const node = this.node(opts)
    await node.fullyBootstrapped()
    return node
  }

  async persistent() {
    return this.joined({ ephemeral: false })
  }

  async close() {
    await Promise.all(this.nodes.map((node) => node.destroy()))
  }
}

module.exports.HOST = HOST
module.exports.freePort = freePort
module.exports.silent = silent

function freePort() {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.on('error', reject)
    socket.bind(0, HOST, () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}

// A socket that answers nobody: { address, received, close }.
function silent() {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.on('error', reject)
    socket.bind(0, HOST, () => {
      const { port } = socket.address()
      let count = 0
      socket.on('message', () => count++)
      const received = () => count
      const close = () => new Promise((closed) => socket.close(closed))
      resolve({ address: { host: HOST, port }, received, close })
    })
  })
}
