'use strict'

// A process of a HyperDHT or Hyperswarm network: node hyper.js STACK ROLE BOOTSTRAP [TOPIC]. It says what it is on its
// standard output, a line of JSON each, and does what it is told on its standard input.

const { createRequire } = require('node:module')
const { createInterface } = require('node:readline')

const [modules, role, bootstrap, argument] = process.argv.slice(2)
const find = createRequire(`${modules}/program.js`)
const HyperDHT = find('hyperdht')
const opts = { host: '127.0.0.1', bootstrap: [JSON.parse(bootstrap)] }
const roles = { listener, swarm }

roles[role]().catch((err) => {
  console.error(err)
  process.exit(1)
})

// Counts what it hears, and answers with the count. Told "block MS" it computes for so long.
async function listener() {
  const node = new HyperDHT({ ...opts, ephemeral: false, firewalled: false })
  await node.fullyBootstrapped()
  let heard = 0
  const server = node.createServer((connection) => {
    connection.on('error', (err) => say({ error: err.code }))
    connection.on('close', () => say({ closed: true }))
    connection.on('data', (data) => {
      heard += data.length
      connection.write(`${heard}\n`)
    })
  })
  await server.listen()
  say({ port: node.io.serverSocket.address().port, publicKey: server.publicKey.toString('hex') })
  told((command, value) => {
    if (command !== 'block') return
    say({ blocking: true })
    const end = Date.now() + Number(value)
    while (Date.now() < end);
    say({ blocked: true })
  })
}

async function swarm() {
  const Hyperswarm = find('hyperswarm')
  const dht = new HyperDHT(opts)
  const swarm = new Hyperswarm({ dht })
  swarm.on('connection', (connection) => {
    connection.on('error', () => {})
    connection.on('data', (data) => connection.write(data))
  })
  await swarm.join(Buffer.from(argument, 'hex')).flushed()
  say({ publicKey: swarm.keyPair.publicKey.toString('hex') })
  told(async (command) => {
    if (command !== 'leave') return
    await swarm.destroy()
    process.exit()
  })
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

// The one that started it is gone when its standard input ends.
function told(listen) {
  createInterface({ input: process.stdin })
    .on('line', (line) => listen(...line.split(' ')))
    .on('close', () => process.exit())
}
