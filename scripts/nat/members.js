'use strict'

// The public nodes, of both packages in turn, and strangers that ping from hosts where nobody was
// asked before. Reads lines "host port", says for each whether that address answers.
// usage: node members.js PACKAGE PACKAGE

const readline = require('readline')
const { PUBLIC_NET, MEMBERS, STRANGERS, HOST_PORT } = require('./addresses')

const [First, Second] = process.argv.slice(2).map((name) => require(name))

main()

async function main() {
  const [entry, ...others] = MEMBERS.map((last) => `${PUBLIC_NET}.${last}`)
  const bootstrap = [`${entry}:${HOST_PORT}`]
  await First.bootstrapper(HOST_PORT, entry, { host: entry }).fullyBootstrapped()
  for (const [i, host] of others.entries()) {
    const DHT = i % 2 === 0 ? Second : First
    const node = new DHT({ host, port: HOST_PORT, bootstrap, ephemeral: false })
    await node.fullyBootstrapped()
    if (node.ephemeral) throw new Error(`${host} did not become persistent`)
  }
  console.log('ready')
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [host, port] = line.split(' ')
    console.log(JSON.stringify(await answers({ host, port: Number(port) })))
  }
  process.exit()
}

async function answers(to) {
  const pings = STRANGERS.map(async (last) => {
    const stranger = new First({ host: `${PUBLIC_NET}.${last}`, bootstrap: [] })
    const reached = await stranger.ping(to, { retry: false }).then(
      () => true,
      () => false
    )
    await stranger.destroy()
    return reached
  })
  return (await Promise.all(pings)).some(Boolean)
}
