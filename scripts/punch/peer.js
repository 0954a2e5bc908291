'use strict'

// A HyperDHT node on this host, with its socket pool and its hole puncher as they are in the registry. Says what its NAT
// does, is told the same of the peer, and punches. usage: node peer.js PACKAGE initiator|responder

const Module = require('module')
const path = require('path')
const readline = require('readline')
const { setImmediate: turn } = require('timers/promises')
const { PUBLIC_NET, MEMBERS, HOST_PORT } = require('../nat/addresses')

const [file, role] = process.argv.slice(2)
const isInitiator = role === 'initiator'

// What hyperdht takes for dht-rpc.
const resolve = Module._resolveFilename
Module._resolveFilename = (name, ...rest) =>
  name === 'dht-rpc' ? require.resolve(file) : resolve(name, ...rest)

const HyperDHT = require('hyperdht')
const Holepuncher = require(
  path.join(path.dirname(require.resolve('hyperdht')), 'lib', 'holepuncher.js')
)
if (!(HyperDHT.prototype instanceof require(file))) throw new Error('hyperdht has another dht-rpc')

main()

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const bootstrap = MEMBERS.slice(0, 3).map((last) => `${PUBLIC_NET}.${last}:${HOST_PORT}`)
  const node = new HyperDHT({ bootstrap })
  await node.fullyBootstrapped()

  // Each line is a peer to punch to, the first one that we tell ours.
  for (let attempt = 0; ; attempt++) {
    const puncher = new Holepuncher(node, node.session(), isInitiator)
    // On a busy machine its pings may be lost: it tries up to three further sockets then.
    await puncher.analyze(true)
    say({ firewall: puncher.nat.firewall, addresses: puncher.nat.addresses })
    const { value, done } = await lines.next()
    if (done) break
    puncher.updateRemote({ punching: true, ...JSON.parse(value) })
    say(await punch(node, puncher))
  }
  process.exit()
}

function punch(node, puncher) {
  return new Promise((resolve) => {
    const abort = () => resolve({ aborted: true, sampled: puncher.nat.sampled })
    puncher.onabort = abort
    puncher.onconnect = async (socket, port, host) => {
      const answered = await pinged(node, socket, { host, port })
      const { socketsAdded: opened } = node.stats.socketPool
      await othersClosed(node)
      puncher.destroy()
      resolve({ host, port, answered, opened })
    }
    // Whoever answers is not told that it was enough.
    puncher.punch().then((started) => {
      if (!started) abort()
      else if (!isInitiator) resolve({ punching: true })
    })
  })
}

// The pool keeps the socket that found the hole.
async function othersClosed({ stats: { socketPool } }) {
  while (socketPool.socketsAdded - socketPool.socketsRemoved > 1) await turn()
}

// A request of the DHT's through the hole, answered by the other side's socket pool.
async function pinged(node, socket, to) {
  const reply = await node.ping(to, { socket })
  return reply.from.port === to.port
}

function say(what) {
  console.log(JSON.stringify(what))
}
