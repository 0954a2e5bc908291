'use strict'

// What the programs for Bare share.

const HOST = '127.0.0.1'

module.exports = { HOST, equal, node, port }

function equal(found, expected, what) {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value))
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`)
  console.log(`ok ${what}`)
}

async function node(DHT, opts) {
  const made = new DHT({ host: HOST, bootstrap: [], ...opts })
  await made.fullyBootstrapped()
  return made
}

// One that was free a moment ago.
async function port(DHT) {
  const probe = await node(DHT)
  const { port } = probe.localAddress()
  await probe.destroy()
  return port
}
