'use strict'

// A node with its defaults joins from this host. Says what it takes itself for after its bootstrap
// and after its stable time, which is cut short by the same fields in both packages.
// usage: node joining.js PACKAGE [PORT]

const { PUBLIC_NET, MEMBERS, HOST_PORT } = require('./addresses')

const [name, port] = process.argv.slice(2)
const DHT = require(name)

const PROBE = 5000 // ms, longer than an unanswered PING_NAT takes

main()

async function main() {
  const bootstrap = MEMBERS.slice(0, 3).map((last) => `${PUBLIC_NET}.${last}:${HOST_PORT}`)
  const node = new DHT({ bootstrap, port: port ? Number(port) : 0 })
  await node.fullyBootstrapped()
  const joined = state(node)
  await stableTime(node)
  console.log(JSON.stringify({ joined, settled: state(node) }))
  // Stays, so that it can be reached, until standard input ends.
  process.stdin.on('end', () => process.exit()).resume()
}

// The last of the 240 stable ticks. The tick that follows it probes the network.
async function stableTime(node) {
  const persistent = new Promise((resolve) => node.once('persistent', resolve))
  node._stableTicks = 1
  node._ontick()
  const over = new Promise((resolve) => setTimeout(resolve, PROBE))
  await Promise.race([persistent, over])
}

function state(node) {
  const { host, port, randomized, firewalled, ephemeral } = node
  const bound = node.localAddress().port
  const client = node.io.clientSocket.address().port
  const remote = node.remoteAddress()
  return { host, port, randomized, firewalled, ephemeral, bound, client, remote }
}
